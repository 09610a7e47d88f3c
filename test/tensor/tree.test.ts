import { describe, expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import { evaluate } from '../oracle/reference-engine.js';

const leaf = (size: number) => t.input(`leaf${size}`, [size]);

describe('trees', () => {
  const tree = { first: [leaf(1), leaf(2)], rest: { a: leaf(3), none: [], b: [{ c: leaf(4) }] } };

  test('have their leaves by path, lists in order and records in the order of their keys', () => {
    const found = t.leavesOf<t.Tensor>(tree);
    expect(found.map(([path, { shape }]) => [path, shape[0]])).toEqual([
      ['first.0', 1],
      ['first.1', 2],
      ['rest.a', 3],
      ['rest.b.0.c', 4],
    ]);
    expect(t.leavesOf(leaf(7)).map(([path]) => path)).toEqual(['']);
    expect(() => t.leavesOf({ a: 1 } as never)).toThrow(/found number, expected a tensor/);
    expect(() => t.leavesOf({ a: null } as never)).toThrow(/found null, expected a tensor/);
  });

  test('keep their structure when leaves are replaced, and when they are made of leaves again', () => {
    const mapped = t.mapLeaves(tree, ({ shape }, path) => ({ shape, name: path }));
    expect(mapped.rest.b[0]).toEqual({ c: { shape: [4], name: 'rest.b.0.c' } });
    expect(mapped.rest.none).toEqual([]);
    // Leaves go by the structure's order, however the other tree orders its keys.
    const { first, rest } = mapped;
    const turned = { rest: { b: rest.b, none: rest.none, a: rest.a }, first };
    const leaves = t.leavesLike<typeof tree, { shape: t.Shape }>(tree, turned as never);
    expect(leaves.map(({ shape }) => shape[0])).toEqual([1, 2, 3, 4]);
    expect(t.withLeaves(tree, leaves)).toEqual(mapped);
  });
});

test('substitute computes the same thing of other tensors, and shares what does not depend on them', () => {
  const [x, y] = [t.input('x', [2]), t.input('y', [2])];
  const shared = t.exp(y);
  const sum = t.add(t.multiply(x, x), shared);
  const [moved = sum, kept = sum] = t.substitute([sum, shared], new Map([[x, t.add(x, 1)]]));
  expect(kept).toBe(shared);
  const { value } = evaluate({ value: moved }, { x: Float64Array.of(1, 2), y: Float64Array.of(0, 0) });
  expect([...(value ?? [])]).toEqual([5, 10]);
});
