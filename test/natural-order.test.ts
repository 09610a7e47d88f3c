import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inNaturalOrder } from '../src/natural-order.js';

test('numbers in names are in the order of their size, everything else in that of its characters', () => {
  const ordered = [
    '',
    '2',
    '10',
    'Adam',
    'Optimizer',
    'Optimizer2',
    'Optimizer2b',
    'Optimizer10',
    'adam',
    'lr 0.01',
    'lr 0.9',
    'v1.2',
    'v1.10',
    'é',
  ];
  expect([...ordered].reverse().sort(inNaturalOrder)).toEqual(ordered);
  expect(inNaturalOrder(`x${'9'.repeat(30)}`, `x1${'0'.repeat(30)}`)).toBeLessThan(0);
});

test('is an order: different names never tie, whatever they are', () => {
  const name = fc.stringMatching(/^[a-b0-2]{0,6}$/);
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      expect(Math.sign(inNaturalOrder(a, b))).toBe(0 - Math.sign(inNaturalOrder(b, a)));
      expect(inNaturalOrder(a, b) === 0).toBe(a === b);
      if (inNaturalOrder(a, b) < 0 && inNaturalOrder(b, c) < 0) expect(inNaturalOrder(a, c)).toBeLessThan(0);
    }),
  );
});
