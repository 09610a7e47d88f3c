import type { RandomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { imageRows } from './derivative-table-images.js';
import { elementwiseRows } from './elementwise-rows.js';
import {
  awayFromZero,
  broadcastable,
  type Distribution,
  distinct,
  elementwise,
  normal,
  ofBroadcast,
  ofOne,
  ofTwo,
  type Row,
  randomShape,
  type Sample,
} from './sampling.js';

function row(file: string, name: string, samples: Row['samples']): Row {
  return { file, name, samples };
}

/** Softmax-like rows: a matrix and one label for each of its rows. */
function labelled(random: RandomStream, f: (x: t.Tensor, labels: t.Tensor) => t.Tensor): Sample[] {
  return [1, 2, 5].map((rows) => {
    const classes = 1 + random.integer(5);
    const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
    const sample = ofOne(random, [rows, classes], (x) => f(x, t.input('labels', [rows], 'int')));
    return { ...sample, feeds: { ...sample.feeds, labels } };
  });
}

function matrices(random: RandomStream): Sample[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => {
      const [m = 1, k = 1, n = 1] = randomShape(random, 3);
      const shapes = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]] as const;
      return ofTwo(random, shapes, (a, b) => t.matmul(a, b, { transposeA, transposeB }));
    }),
  );
}

function stacksOfMatrices(random: RandomStream): Sample[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => {
      const [s = 1, m = 1, k = 1, n = 1] = randomShape(random, 4);
      const shapes = [transposeA ? [s, k, m] : [s, m, k], transposeB ? [s, n, k] : [s, k, n]] as const;
      return ofTwo(random, shapes, (a, b) => t.matmul(a, b, { transposeA, transposeB }));
    }),
  );
}

/** Some axes, perhaps none, counted from either end. */
function someAxes(random: RandomStream, rank: number): number[] {
  const axes = [...random.permutation(rank)].slice(0, random.integer(rank + 1));
  return axes.map((axis) => (random.uniform() < 0.5 ? axis - rank : axis));
}

function reductions(random: RandomStream, f: (x: t.Tensor, axes: number[]) => t.Tensor): Sample[] {
  return [1, 2, 3, 4, 4].map((rank) => ofOne(random, randomShape(random, rank), (x) => f(x, someAxes(random, rank))));
}

function widths(random: RandomStream, rank: number): number[] {
  return Array.from({ length: rank }, () => random.integer(3));
}

function shapes(
  random: RandomStream,
  ranks: readonly number[],
  f: (x: t.Tensor) => t.Tensor,
  distribution: Distribution = normal,
): Sample[] {
  return ranks.map((rank) => ofOne(random, randomShape(random, rank), f, distribution));
}

/**
 * Operations and composites that are not tried as they are ({@link elementwiseRows}). Operations whose derivative is zero appear as factors, so that the chain through the
 * other factor is tested with them.
 */
const rows: readonly Row[] = [
  row('abs', 'abs', (random) => elementwise(random, t.abs, distinct)),
  row('add', 'add', (random) => ofBroadcast(random, t.add)),
  row('add', 'add of a tensor to itself', (random) => elementwise(random, (x) => t.add(x, t.square(x)))),
  row('argmax', 'argmax', (random) =>
    shapes(random, [2, 2, 2], (x) => t.multiply(t.oneHot(t.argmax(x), x.shape[1] ?? 1), t.exp(x)), distinct),
  ),
  row('compare', 'greater', (random) =>
    ofBroadcast(random, (a, b) => t.multiply(t.toFloat(t.greater(a, b)), t.multiply(a, b)), distinct),
  ),
  row('compare', 'greaterEqual', (random) =>
    ofBroadcast(random, (a, b) => t.multiply(t.toFloat(t.greaterEqual(a, b)), t.multiply(a, b)), distinct),
  ),
  row('compare', 'equal', (random) =>
    ofBroadcast(random, (a, b) => t.select(t.equal(a, b), 1, t.multiply(a, b)), distinct),
  ),
  row('concatenate', 'concatenate', (random) =>
    [1, 2, 3].map((rank) => {
      const shape = randomShape(random, rank);
      const axis = random.integer(rank);
      const longer = shape.map((length, index) => length + (index === axis ? 2 : 0));
      return ofTwo(random, [shape, longer], (a, b) => t.concatenate([a, b, a], axis - (rank > 1 ? rank : 0)));
    }),
  ),
  row('constant', 'constant', (random) => shapes(random, [0, 2], (x) => t.divide(t.constant(1.5, x.shape), t.exp(x)))),
  row('divide', 'divide', (random) => ofBroadcast(random, t.divide, awayFromZero)),
  row('divide', 'divide by itself', (random) => elementwise(random, (x) => t.divide(x, t.square(x)), awayFromZero)),
  row('dot', 'dot', (random) =>
    [0, 1, 3].map((rank) => {
      const shape = randomShape(random, rank);
      return ofTwo(random, [shape, shape], t.dot);
    }),
  ),
  row('dot', 'norm', (random) => elementwise(random, t.norm, awayFromZero)),
  row('input', 'input', (random) => elementwise(random, (x) => x)),
  row('log-softmax', 'logSoftmax', (random) => shapes(random, [2, 2, 2], t.logSoftmax)),
  row('log-softmax', 'softmax', (random) => shapes(random, [2, 2, 2], t.softmax)),
  row('matmul', 'matmul', matrices),
  row('matmul', 'matmul of a matrix with itself', (random) =>
    shapes(random, [2], (x) => t.matmul(x, x, { transposeA: true })),
  ),
  row('matmul', 'matmul of stacks', stacksOfMatrices),
  row('matmul', 'matmul of transposed stacks with a sum', (random) =>
    [1, 2].map((sign) => {
      const [s = 1, m = 1, k = 1] = randomShape(random, 3);
      const shapes = [
        [s, k, m],
        [m, s, k],
      ] as const;
      return ofTwo(random, shapes, (a, b) => {
        const product = t.matmul(t.transpose(a, [0, 2, 1]), t.transpose(b, [1, 2, 0]));
        return t.subtract(t.square(product), t.multiply(product, sign));
      });
    }),
  ),
  row('mean', 'mean', (random) => reductions(random, t.mean)),
  row('multiply', 'multiply', (random) => ofBroadcast(random, t.multiply)),
  row('multiply', 'square', (random) => elementwise(random, t.square)),
  row('one-hot', 'oneHot', (random) =>
    labelled(random, (x, labels) => t.multiply(t.oneHot(labels, x.shape[1] ?? 1), t.exp(x))),
  ),
  row('relu', 'relu', (random) => elementwise(random, t.relu, distinct)),
  row('reshape', 'reshape', (random) =>
    [0, 1, 3].map((rank) => {
      const shape = randomShape(random, rank);
      return ofOne(random, shape, (x) => t.reshape(x, [1, ...shape.toReversed(), 1]));
    }),
  ),
  row('reshape', 'flatten', (random) => shapes(random, [0, 1, 3], t.flatten)),
  row('select', 'select', (random) =>
    ofBroadcast(random, (a, b) => t.select(t.greater(a, b), t.square(a), t.exp(b)), distinct),
  ),
  row('select', 'select by a condition of another shape', (random) =>
    ofBroadcast(random, (a, b) => t.select(t.greater(a, 0), t.square(b), t.exp(b)), distinct),
  ),
  row('select', 'maximum', (random) => ofBroadcast(random, t.maximum, distinct)),
  row('select', 'minimum', (random) => ofBroadcast(random, t.minimum, distinct)),
  row('sign', 'sign', (random) => elementwise(random, (x) => t.multiply(t.sign(x), t.square(x)), distinct)),
  row('slice', 'slice', (random) =>
    [1, 2, 3].map((rank) => {
      const [before, kept, after] = [widths(random, rank), randomShape(random, rank), widths(random, rank)];
      const begin = before;
      const end = kept.map((length, axis) => length + (begin[axis] ?? 0));
      const shape = end.map((place, axis) => place + (after[axis] ?? 0));
      return ofOne(random, shape, (x) => t.slice(x, begin, end));
    }),
  ),
  row('slice', 'pad', (random) =>
    [1, 2, 3].map((rank) =>
      ofOne(random, randomShape(random, rank), (x) => t.pad(x, widths(random, rank), widths(random, rank))),
    ),
  ),
  row('softmax-cross-entropy', 'softmaxCrossEntropy', (random) => labelled(random, t.softmaxCrossEntropy)),
  row('step', 'step', (random) => elementwise(random, (x) => t.multiply(t.step(x), t.square(x)), distinct)),
  row('stop-gradient', 'stopGradient of what does not depend on the variable', (random) =>
    elementwise(random, (x) => t.multiply(t.stopGradient(t.constant(1.5, x.shape)), t.exp(x))),
  ),
  row('sum', 'sum', (random) => reductions(random, (x, axes) => t.sum(x, axes))),
  row('sum', 'sum with keepDims', (random) => reductions(random, (x, axes) => t.sum(x, axes, { keepDims: true }))),
  row('sum', 'broadcastTo', (random) =>
    [0, 1, 2, 4].map((rank) => {
      const shape = randomShape(random, rank);
      return ofOne(random, broadcastable(random, shape), (x) => t.broadcastTo(x, shape));
    }),
  ),
  row('sum', 'sumTo', (random) =>
    [0, 1, 2, 4].map((rank) => {
      const shape = randomShape(random, rank);
      return ofOne(random, shape, (x) => t.sumTo(x, broadcastable(random, shape)));
    }),
  ),
  row('to-float', 'toFloat', (random) =>
    elementwise(random, (x) => t.multiply(t.toFloat(t.greater(x, 0)), t.exp(x)), distinct),
  ),
  row('transpose', 'transpose', (random) =>
    [0, 1, 2, 3, 4].map((rank) =>
      ofOne(random, randomShape(random, rank), (x) => t.transpose(x, [...random.permutation(rank)])),
    ),
  ),
  row('transpose', 'transpose, reversing the axes', (random) => shapes(random, [2, 3], (x) => t.transpose(x))),
  ...imageRows,
];

/** Every operation and composite. */
export const derivativeTable: readonly Row[] = [...rows, ...(await elementwiseRows(rows))];
