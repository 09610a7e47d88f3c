import * as t from '../../src/tensor/index.js';
import { engineCase, tolerances } from './engine-case.js';

const x = t.input('x', [2, 3]);
const scalar = t.input('scalar', []);
const labels = t.input('labels', [4], 'int');
const matrix = Float32Array.of(1, -2, 3, 0, 5, -6);
const logits = t.input('logits', [4, 3]);
const tiedLogits = Float32Array.of(0, 0, 0, 1, 2, 2, 3, 1, 3, -1, -2, -1);
const exactly = { tolerance: () => tolerances.exact };
const doubled = t.add(x, x);

/** Programs of unusual form: what is named, fed, shared or constant. Their numbers are exact. */
export const programCases = [
  engineCase('an output that is an input', { y: x }, { x: matrix }, exactly),
  engineCase('an output with the name of its input', { x }, { x: matrix }, exactly),
  engineCase('outputs with the names of each other', { x: t.negate(x), y: x }, { x: matrix }, exactly),
  engineCase('an integer input as output', { y: labels }, { labels: Int32Array.of(3, 0, -1, 7) }, exactly),
  engineCase('one tensor as two outputs', { a: doubled, b: doubled }, { x: matrix }, exactly),
  engineCase('an output on the way to another', { a: doubled, b: t.square(doubled) }, { x: matrix }, exactly),
  engineCase(
    'a fused product that is an output, too',
    affine(),
    { x: matrix, w: matrix, b: matrix.slice(0, 2) },
    exactly,
  ),
  engineCase('a reshaped input', { y: t.reshape(x, [3, 2]) }, { x: matrix }, exactly),
  engineCase('two reshapes of an input', { a: t.reshape(x, [6]), b: t.reshape(x, [6]) }, { x: matrix }, exactly),
  engineCase('no inputs', { y: t.add(t.constant(1.5, [2, 2]), t.constant(0.25)) }, {}, exactly),
  engineCase('constants', { a: t.constant(3), b: t.zeros([2, 3]), c: t.constant(-0.5, [4]) }, {}, exactly),
  engineCase('the same constant twice', { a: t.constant(3), b: t.constant(3) }, {}, exactly),
  engineCase('constants beside inputs', { a: t.constant(1, [2]), b: t.square(x) }, { x: matrix }, exactly),
  engineCase('a scalar', { y: t.multiply(scalar, scalar), z: scalar }, { scalar: Float32Array.of(-3) }, exactly),
  engineCase('scalar and matrix', { y: t.multiply(x, scalar) }, { x: matrix, scalar: Float32Array.of(0.5) }, exactly),
  engineCase(
    'an input that falls away',
    { y: t.add(x, t.multiply(scalar, 0)) },
    { x: matrix, scalar: Float32Array.of(2) },
    exactly,
  ),
  engineCase('a gradient that is constant', { y: t.gradients(t.sum(x), [x])[0] ?? x }, { x: matrix }, exactly),
  engineCase(
    'a gradient that is zero',
    { y: t.gradients(scalar, [x])[0] ?? x, z: t.square(scalar) },
    { scalar: Float32Array.of(2) },
    exactly,
  ),
  engineCase('truth values', { y: t.greater(x, 0), z: t.equal(x, x) }, { x: matrix }, exactly),
  engineCase('the first of the largest', { y: t.argmax(logits) }, { logits: tiedLogits }, exactly),
  engineCase('labels that no class has', { y: t.oneHot(labels, 3) }, { labels: Int32Array.of(2, -1, 3, 0) }, exactly),
  engineCase('signs and steps of zero', signs(), { x: Float32Array.of(0, -0, 1, -1, 1e-30, -1e-30) }, exactly),
  engineCase(
    'signs of the smallest and the largest numbers',
    { y: t.sign(t.input('extreme', [6])) },
    { extreme: Float32Array.of(1.2e-38, -1.2e-38, 3.4e38, -3.4e38, Infinity, -Infinity) },
    exactly,
  ),
  ...[0.5, -0.5, 8, -8, 0].map((value) =>
    engineCase(
      `signs times ${value}`,
      { y: t.multiply(t.sign(x), t.multiply(scalar, value)) },
      { x: Float32Array.of(0, -3, 1e-30, 3.4e38, -3.4e38, 5), scalar: Float32Array.of(1) },
      exactly,
    ),
  ),
  engineCase('large logits', { y: t.logSoftmax(logits) }, { logits: tiedLogits.map((value) => 1e4 * value) }),
  // Single precision, added one after the other in a few lanes: a long sum of equal numbers is the worst case.
  engineCase(
    'a long sum',
    { y: t.sum(t.input('long', [1000, 300])) },
    { long: new Float32Array(300_000).fill(0.1) },
    { tolerance: () => 1e-3 },
  ),
];

/** Operations that must hand on what is not finite, and what they must give for NaN, ∞, −∞ and 1. */
export const nonFiniteCases: readonly {
  readonly name: string;
  readonly f: (x: t.Tensor) => t.Tensor;
  readonly finite: readonly boolean[];
}[] = [
  { name: 'add', f: (v) => t.add(v, 1), finite: [false, false, false, true] },
  { name: 'multiply', f: (v) => t.multiply(v, 2), finite: [false, false, false, true] },
  { name: 'divide', f: (v) => t.divide(1, t.subtract(v, 1)), finite: [false, true, true, false] },
  { name: 'exp', f: t.exp, finite: [false, false, true, true] },
  { name: 'log', f: t.log, finite: [false, false, false, true] },
  { name: 'sqrt', f: t.sqrt, finite: [false, false, false, true] },
  { name: 'tanh', f: t.tanh, finite: [false, true, true, true] },
  { name: 'sin', f: t.sin, finite: [false, false, false, true] },
  { name: 'cos', f: t.cos, finite: [false, false, false, true] },
  { name: 'sigmoid', f: t.sigmoid, finite: [false, true, true, true] },
  { name: 'erf', f: t.erf, finite: [false, true, true, true] },
  { name: 'softplus', f: t.softplus, finite: [false, false, true, true] },
  { name: 'relu', f: t.relu, finite: [false, false, true, true] },
  { name: 'abs', f: t.abs, finite: [false, false, false, true] },
  { name: 'sum', f: (v) => t.sum(t.reshape(v, [4, 1]), [1]), finite: [false, false, false, true] },
  {
    name: 'matmul',
    f: (v) => t.reshape(t.matmul(t.reshape(v, [4, 1]), t.constant(2, [1, 1])), [4]),
    finite: [false, false, false, true],
  },
  {
    name: 'logSoftmax',
    f: (v) => t.sum(t.logSoftmax(t.pad(t.reshape(v, [4, 1]), [0, 0], [0, 1])), [1]),
    finite: [false, false, false, true],
  },
  // A filter that is NaN makes whole images NaN. What kernels make of a single NaN among numbers, they do not agree about.
  { name: 'maxPool2d', f: pooled, finite: [false, false, false, true] },
];

/** The maximum of windows that hold one of the numbers four times. */
function pooled(v: t.Tensor): t.Tensor {
  const images = t.broadcastTo(t.reshape(v, [4, 1, 1, 1]), [4, 1, 2, 2]);
  return t.reshape(t.maxPool2d(images, { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }), [4]);
}

function affine(): Record<string, t.Tensor> {
  const product = t.matmul(x, t.input('w', [2, 3]), { transposeB: true });
  const sum = t.add(product, t.input('b', [2]));
  return { product, sum, active: t.relu(sum) };
}

function signs(): Record<string, t.Tensor> {
  return { sign: t.sign(x), step: t.step(x), relu: t.relu(x), abs: t.abs(x), greaterEqual: t.greaterEqual(x, 0) };
}
