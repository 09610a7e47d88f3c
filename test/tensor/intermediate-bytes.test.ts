import { describe, expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';

const x = t.input('x', [10, 10]);
/** Of ten by ten numbers in single precision. */
const ONE = 400;

const bytes = (outputs: Readonly<Record<string, t.Tensor>>) => t.intermediateBytes(t.program(outputs));

describe('the bytes between inputs and outputs', () => {
  test('are none where nothing is in between', () => {
    expect(bytes({ y: t.exp(x), same: x })).toBe(0);
  });

  test('are one value’s in a chain that engines write over', () => {
    expect(bytes({ y: t.sum(t.exp(t.tanh(t.negate(x)))) })).toBe(ONE);
  });

  test('are two values’ where a product reads what it cannot write over', () => {
    expect(bytes({ y: t.sum(t.matmul(t.exp(x), x)) })).toBe(2 * ONE);
    expect(bytes({ y: t.sum(t.transpose(t.exp(x), [1, 0])) })).toBe(2 * ONE);
  });

  test('count what waits for a later reader, once, under whatever shape', () => {
    const early = t.exp(x);
    const view = t.reshape(early, [100]);
    const late = t.add(t.reshape(t.tanh(t.matmul(x, x)), [100]), view);
    expect(bytes({ y: t.sum(late) })).toBe(2 * ONE);
    expect(bytes({ y: t.sum(late), kept: view })).toBe(ONE);
  });

  test('grow with the layers of a network whose gradient is wanted', () => {
    const network = (layers: number) => {
      const weights = Array.from({ length: layers }, (_, index) => t.input(`w${index}`, [10, 10]));
      const loss = t.sum(weights.reduce<t.Tensor>((value, weight) => t.tanh(t.matmul(value, weight)), x));
      const gradient = t.gradients(loss, weights).map((tensor, index) => [`g${index}`, tensor]);
      return bytes({ loss, ...Object.fromEntries(gradient) });
    };
    // Of each layer what tanh leaves for its derivative.
    expect(network(20) - network(10)).toBeGreaterThanOrEqual(10 * ONE);
    expect(network(20)).toBeLessThan(20 * 4 * ONE);
  });
});
