import { expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import { evaluate } from '../oracle/reference-engine.js';

const x = t.input('x', [2, 3]);
const y = t.input('y', [2, 3]);
const labels = t.input('labels', [2], 'int');
const feeds = {
  x: Float64Array.of(1, -2, 3, 0, 5, -1),
  y: Float64Array.of(2, -2, -3, 1, 4, -5),
  labels: Int32Array.of(2, 0),
};

/** log(e^a + e^b + e^c). */
const logSumExp = (...values: number[]) => Math.log(values.reduce((total, value) => total + Math.exp(value), 0));

test.each<[string, t.Tensor, number[]]>([
  ['maximum', t.maximum(x, y), [2, -2, 3, 1, 5, -1]],
  ['minimum', t.minimum(x, y), [1, -2, -3, 0, 4, -5]],
  ['maximum with a number', t.maximum(x, 0), [1, 0, 3, 0, 5, 0]],
  ['minimum with a number', t.minimum(0, x), [0, -2, 0, 0, 0, -1]],
  ['square', t.square(x), [1, 4, 9, 0, 25, 1]],
  ['dot', t.dot(x, y), [2 + 4 - 9 + 0 + 20 + 5]],
  ['norm', t.norm(x), [Math.sqrt(40)]],
  ['mean', t.mean(x), [1]],
  ['mean of the columns', t.mean(x, [0]), [0.5, 1.5, 1]],
  ['mean of the rows', t.mean(x, [-1]), [2 / 3, 4 / 3]],
  ['sumTo a row', t.sumTo(x, [3]), [1, 3, 2]],
  ['sumTo a column', t.sumTo(x, [2, 1]), [2, 4]],
  ['sumTo a scalar', t.sumTo(x, []), [6]],
  ['flatten', t.flatten(x), [1, -2, 3, 0, 5, -1]],
  [
    'softmax',
    t.softmax(x),
    [
      [1, -2, 3],
      [0, 5, -1],
    ].flatMap((row) => row.map((z) => Math.exp(z - logSumExp(...row)))),
  ],
  ['softmaxCrossEntropy', t.softmaxCrossEntropy(x, labels), [logSumExp(1, -2, 3) - 3, logSumExp(0, 5, -1) - 0]],
])('%s', (_, tensor, expected) => {
  const { result } = evaluate({ result: tensor }, feeds);
  expect(result).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(result?.[index]).toBeCloseTo(value, 14);
  });
});

/** The gradients of Σ f(a, b) at equal numbers. */
function atTie(f: (a: t.Tensor, b: t.Tensor) => t.Tensor): (number | undefined)[] {
  const [a, b] = [t.input('a', [1]), t.input('b', [1])];
  const [ofA, ofB] = t.gradients(t.sum(f(a, b)), [a, b]);
  const results = evaluate({ ofA: ofA ?? a, ofB: ofB ?? b }, { a: Float64Array.of(2), b: Float64Array.of(2) });
  return [results.ofA?.[0], results.ofB?.[0]];
}

test('where two numbers are equal, the gradient of maximum and minimum goes to the first', () => {
  expect(atTie(t.maximum)).toEqual([1, 0]);
  expect(atTie(t.minimum)).toEqual([1, 0]);
});

test.each<[string, (operand: t.Tensor) => t.Tensor]>([
  ['relu', t.relu],
  ['abs', t.abs],
])("%s' is 0 at 0", (_, f) => {
  const z = t.input('z', []);
  const [gradient = z] = t.gradients(f(z), [z]);
  expect(evaluate({ gradient }, { z: Float64Array.of(0) }).gradient).toEqual(Float64Array.of(0));
});

test('log softmax and its derivatives stay finite for large logits', () => {
  const [ofX = x] = t.gradients(t.sum(t.softmaxCrossEntropy(x, labels)), [x]);
  const large = { ...feeds, x: Float64Array.of(1000, -1000, 0, 1e4, 1e4, -1e4) };
  const results = evaluate({ losses: t.softmaxCrossEntropy(x, labels), ofX }, large);
  expect(results.losses).toEqual(Float64Array.of(1000, Math.log(2)));
  expect([...(results.ofX ?? [])].map((value) => Number(value.toFixed(12)))).toEqual([1, 0, -1, -0.5, 0.5, 0]);
});
