import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../src/engine/engine.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { runProgram } from '../oracle/reference-engine.js';
import { derivativeTable } from './derivative-table.js';
import { relativeError, scalarFunction } from './finite-differences.js';
import { normal } from './sampling.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers for every input of a program. */
function randomFeeds({ inputs }: t.Program, random: RandomStream, classes = 1): Record<string, TensorData> {
  const feeds = [...inputs].map(([name, { shape, dtype }]) => {
    const size = t.sizeOf(shape);
    const labels = () => Int32Array.from({ length: size }, () => random.integer(classes));
    return [name, dtype === 'int' ? labels() : normal(random, size)] as const;
  });
  return Object.fromEntries(feeds);
}

/** Simplifies and checks that the outputs have the same names, shapes and numbers. */
function expectSameResults(before: t.Program, feeds: Readonly<Record<string, TensorData>>, what = ''): t.Program {
  const after = t.simplify(before);
  expect([...after.outputs.keys()], what).toEqual([...before.outputs.keys()]);
  const [expected, found] = [runProgram(before, feeds), runProgram(after, feeds)];
  for (const [name, tensor] of before.outputs) {
    expect(after.outputs.get(name)?.shape, `${what} ${name}`).toEqual(tensor.shape);
    expect(after.outputs.get(name)?.dtype, `${what} ${name}`).toBe(tensor.dtype);
    expect(relativeError(found[name], expected[name] ?? []), `${what} ${name}`).toBeLessThan(1e-12);
  }
  return after;
}

function network(kind: 'mlp' | 'convnet') {
  const n = 4;
  const labels = t.input('labels', [n], 'int');
  const parameter = (name: string, ...shape: number[]) => t.input(name, shape);
  let parameters: t.Tensor[];
  let logits: t.Tensor;
  if (kind === 'mlp') {
    const [w1, b1, w2, b2] = [parameter('w1', 6, 5), parameter('b1', 6), parameter('w2', 3, 6), parameter('b2', 3)];
    const hidden = t.sigmoid(t.add(t.matmul(t.input('x', [n, 5]), w1, { transposeB: true }), b1));
    logits = t.add(t.matmul(hidden, t.transpose(w2)), b2);
    parameters = [w1, b1, w2, b2];
  } else {
    const [kernel, bias, dense] = [parameter('kernel', 3, 2, 3, 3), parameter('bias', 3), parameter('dense', 3, 27)];
    const image = t.input('x', [n, 2, 6, 6]);
    const convolved = t.conv2d(image, kernel, { stride: [1, 1], padding: [1, 1, 1, 1] });
    const rectified = t.relu(t.add(convolved, t.reshape(bias, [1, 3, 1, 1])));
    const pooled = t.maxPool2d(rectified, { window: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] });
    logits = t.matmul(t.reshape(pooled, [n, 27]), dense, { transposeB: true });
    parameters = [kernel, bias, dense];
  }
  const penalty = parameters.map((tensor) => t.dot(tensor, tensor)).reduce((total, term) => t.add(total, term));
  const loss = t.add(t.mean(t.softmaxCrossEntropy(logits, labels)), t.multiply(0.5, t.multiply(0.01, penalty)));
  return { loss, parameters };
}

function numbered(prefix: string, tensors: readonly t.Tensor[]): Record<string, t.Tensor> {
  return Object.fromEntries(tensors.map((tensor, index) => [`${prefix}${index}`, tensor]));
}

function programsOf(kind: 'mlp' | 'convnet'): Record<string, t.Program> {
  const { loss, parameters } = network(kind);
  const gradients = t.gradients(loss, parameters);
  const vectors = parameters.map((tensor, index) => t.input(`v${index}`, tensor.shape));
  const products = t.hessianVectorProduct(gradients, parameters, vectors);
  const rate = t.input('rate', []);
  const stepped = parameters.map((tensor, index) => t.subtract(tensor, t.multiply(rate, gradients[index] ?? 0)));
  return {
    gradient: t.program({ loss, ...numbered('gradient', gradients) }),
    'training step': t.program({ loss, ...numbered('parameter', stepped) }),
    'Hessian-vector product': t.program({ ...numbered('gradient', gradients), ...numbered('product', products) }),
  };
}

describe(`the simplified program computes the same (PROBPREC_TEST_SEED=${seed})`, () => {
  const cases = (['mlp', 'convnet'] as const).flatMap((kind) =>
    Object.entries(programsOf(kind)).map(([name, subject]) => ({ kind, name, subject })),
  );

  test.each(cases)('$kind: $name', ({ kind, name, subject }) => {
    const feeds = randomFeeds(subject, randomStream(seed, kind, name), 3);
    const after = expectSameResults(subject, feeds, `seed ${seed}`);
    expect(after.nodes.length).toBeLessThan(0.85 * subject.nodes.length);
    expect(t.hashProgram(t.simplify(after))).toBe(t.hashProgram(after));
    expect(t.hashProgram(t.simplify(subject))).toBe(t.hashProgram(after));
    const again = programsOf(kind)[name];
    expect(again && t.hashProgram(t.simplify(again))).toBe(t.hashProgram(after));
  });

  test.each(derivativeTable)('derivatives of $name', ({ name, samples }) => {
    const random = randomStream(seed, name);
    samples(random).forEach((sample, index) => {
      for (const subject of Object.values(scalarFunction(sample, random).programs)) {
        const feeds = { ...randomFeeds(subject, random), ...sample.feeds };
        const after = expectSameResults(subject, feeds, `seed ${seed}, sample ${index}`);
        expect(after.nodes.length).toBeLessThanOrEqual(subject.nodes.length);
      }
    });
  });
});

const [x, y] = [t.input('x', [2, 3]), t.input('y', [2, 3])];
const [row, column, one, scalar] = [t.input('r', [3]), t.input('c', [2, 1]), t.input('o', [1]), t.input('s', [])];
const other = t.input('t', []);
const [a, b] = [t.input('a', [3, 2]), t.input('b', [4, 3])];
const z = t.input('z', [2, 3, 4]);
const larger = t.greater(x, y);
const a2 = t.input('v', [3, 3]);
const [p, q] = [t.input('p', [2, 2]), t.input('q', [2, 2])];

/** What is simplified, and what it must become. */
const rewritings: readonly [string, t.Tensor, t.Tensor][] = [
  ['x + 0', t.add(x, 0), x],
  ['0 + x', t.add(t.zeros([2, 3]), x), x],
  ['x − 0', t.subtract(x, 0), x],
  ['x · 1', t.multiply(x, t.constant(1, [3])), x],
  ['1 · x', t.multiply(1, x), x],
  ['x / 1', t.divide(x, 1), x],
  ['x + x', t.add(x, x), t.multiply(x, 2)],
  ['2 (3 x)', t.multiply(2, t.multiply(x, 3)), t.multiply(x, 6)],
  ['2 (x / 2), as 2 (0.5 x)', t.multiply(2, t.multiply(0.5, x)), x],
  ['(x s) t for scalars s and t', t.multiply(t.multiply(x, scalar), other), t.multiply(x, t.multiply(scalar, other))],
  ['−(−x)', t.negate(t.negate(x)), x],
  ['−(2 x)', t.negate(t.multiply(2, x)), t.multiply(x, -2)],
  ['x + (−y)', t.add(x, t.negate(y)), t.subtract(x, y)],
  ['(−x) + y', t.add(t.negate(x), y), t.subtract(y, x)],
  ['constants', t.multiply(x, t.add(t.multiply(2, 3), t.negate(t.constant(1)))), t.multiply(x, 5)],
  ['a filled tensor as an operand', t.add(x, t.constant(2, [2, 3])), t.add(x, 2)],
  ['a filled tensor, reshaped', t.add(x, t.reshape(t.constant(2, [6]), [2, 3])), t.add(x, 2)],
  ['a filled tensor, broadcast', t.broadcastTo(t.constant(2, [1, 3]), [2, 3]), t.constant(2, [2, 3])],
  ['a broadcast operand', t.multiply(x, t.broadcastTo(row, [2, 3])), t.multiply(x, row)],
  [
    'two operands, one broadcast suffices',
    t.add(t.broadcastTo(row, [2, 3]), t.broadcastTo(column, [2, 3])),
    t.add(row, column),
  ],
  [
    'a broadcast in a choice',
    t.select(t.greater(x, y), t.broadcastTo(row, [2, 3]), 0),
    t.select(t.greater(x, y), row, 0),
  ],
  [
    'a broadcast of a reshape that adds leading axes',
    t.broadcastTo(t.reshape(row, [1, 3]), [2, 3]),
    t.broadcastTo(row, [2, 3]),
  ],
  ['a broadcast of a reshaped scalar', t.broadcastTo(t.reshape(scalar, [1, 1]), [2, 3]), t.broadcastTo(scalar, [2, 3])],
  ['reshapes in a row', t.reshape(t.reshape(x, [6]), [3, 2]), t.reshape(x, [3, 2])],
  ['a reshape and back', t.reshape(t.reshape(x, [6]), [2, 3]), x],
  ['a transpose and back', t.transpose(t.transpose(x)), x],
  ['transposes in a row', t.transpose(t.transpose(z, [1, 2, 0]), [1, 0, 2]), t.transpose(z, [2, 1, 0])],
  ['a transpose that changes nothing', t.transpose(x, [0, 1]), x],
  ['a sum over an axis of length 1', t.sum(column, [1]), t.reshape(column, [2])],
  ['a sum over an axis of length 1 that stays', t.sum(column, [1], { keepDims: true }), column],
  ['Aᵀ B', t.matmul(t.transpose(x), y), t.matmul(x, y, { transposeA: true })],
  ['A Bᵀ', t.matmul(x, t.transpose(b)), t.matmul(x, b, { transposeB: true })],
  ['Aᵀ Bᵀ', t.matmul(t.transpose(a), t.transpose(b)), t.matmul(a, b, { transposeA: true, transposeB: true })],
  [
    '(Aᵀ)ᵀ Bᵀ, one a flag',
    t.matmul(t.transpose(x), t.transpose(b), { transposeA: true }),
    t.matmul(x, b, { transposeB: true }),
  ],
  [
    'Aᵀ B of stacks',
    t.matmul(t.transpose(z, [0, 2, 1]), t.input('u', [2, 3, 5])),
    t.matmul(z, t.input('u', [2, 3, 5]), { transposeA: true }),
  ],
  [
    'a sum of paddings that fill it',
    t.add(t.pad(x, [0, 0], [3, 0]), t.pad(a2, [2, 0], [0, 0])),
    t.concatenate([x, a2], 0),
  ],
  [
    'a sum of neighbouring paddings, in the other order',
    t.add(t.pad(a2, [3, 0], [3, 0]), t.pad(x, [1, 0], [6, 0])),
    t.pad(t.concatenate([x, a2], 0), [1, 0], [3, 0]),
  ],
  [
    'a row of paddings, one after the other',
    t.add(t.add(t.pad(x, [4, 0], [0, 0]), t.pad(y, [2, 0], [2, 0])), t.pad(x, [0, 0], [4, 0])),
    t.concatenate([x, y, x], 0),
  ],
  ['a common subexpression', t.multiply(t.exp(t.add(x, y)), t.exp(t.add(x, y))), t.square(t.exp(t.add(x, y)))],
];

test.each(rewritings)('simplifies %s', (_, before, after) => {
  const subject = t.program({ result: before });
  const simpler = expectSameResults(subject, randomFeeds(subject, randomStream(1)));
  expect(t.printProgram(simpler)).toBe(t.printProgram(t.program({ result: after })));
});

/** What looks like one of the rules and is not. */
const untouched: readonly [string, t.Tensor][] = [
  ['x · 0, which is NaN for an infinite x', t.multiply(x, 0)],
  ['0 − x', t.subtract(0, x)],
  ['1 / x', t.divide(1, x)],
  ['x + 0 that broadcasts', t.add(row, t.zeros([2, 3]))],
  ['x · 1 that broadcasts', t.multiply(scalar, t.constant(1, [2, 3]))],
  ['a broadcast that makes the shape', t.add(t.broadcastTo(one, [3]), one)],
  ['a broadcast on its own', t.broadcastTo(row, [2, 3])],
  ['a broadcast of a reshape that adds an inner axis', t.broadcastTo(t.reshape(t.input('n', [2]), [2, 1]), [2, 3])],
  ['products of the same matrices with different flags', t.add(t.matmul(q, p), t.matmul(q, p, { transposeA: true }))],
  ['paddings with a gap between them', t.add(t.pad(x, [0, 0], [3, 0]), t.pad(y, [3, 0], [0, 0]))],
  ['paddings that overlap', t.add(t.pad(x, [0, 0], [1, 0]), t.pad(y, [1, 0], [0, 0]))],
  ['paddings along different axes', t.add(t.pad(q, [0, 0], [2, 0]), t.pad(t.input('w', [4, 1]), [0, 0], [0, 1]))],
  [
    'a transpose of a stack that moves other axes',
    t.matmul(t.transpose(t.input('k', [3, 2, 3]), [2, 1, 0]), t.input('l', [3, 3, 2])),
  ],
  ['choices with different branches', t.add(t.select(larger, x, y), t.select(larger, y, x))],
];

test.each(untouched)('leaves %s', (_, tensor) => {
  const subject = t.program({ tensor });
  const after = expectSameResults(subject, randomFeeds(subject, randomStream(1)));
  expect(after.nodes.map(({ operation }) => operation.name)).toEqual(
    subject.nodes.map(({ operation }) => operation.name),
  );
});

test('constants that are infinite, NaN or −0 stay apart', () => {
  const values = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const outputs = Object.fromEntries(values.map((value, index) => [`${index}`, t.constant(value)]));
  const results = runProgram(t.simplify(t.program(outputs)));
  expect(values.map((_, index) => results[`${index}`]?.[0])).toEqual(values);
});

test('outputs may be inputs, constants or the same tensor', () => {
  const subject = t.program({ x, again: t.add(x, 0), zero: t.zeros([2]), sum: t.add(x, y), twin: t.add(x, y) });
  const after = expectSameResults(subject, randomFeeds(subject, randomStream(1)));
  expect(after.outputs.get('again')).toBe(x);
  expect(after.outputs.get('twin')).toBe(after.outputs.get('sum'));
});
