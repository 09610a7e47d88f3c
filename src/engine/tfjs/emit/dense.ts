import { inputOf, lengthOf, numberOf } from '../../../tensor/index.js';
import type { Emitter } from '../lowering.js';
import { toFloat } from './elementwise.js';

const matmul: Emitter = (node, lowering) => {
  const { transposeA, transposeB } = node.attributes;
  return lowering.call(
    'BatchMatMul',
    { a: lowering.input(node, 0), b: lowering.input(node, 1) },
    { transposeA, transposeB },
  );
};

/** x − max x − log Σ exp(x − max x) along the rows, from kernels: no backend has one for it. */
const logSoftmax: Emitter = (node, lowering) => {
  const x = lowering.input(node, 0);
  const largest = lowering.call('Max', { x }, { reductionIndices: [1], keepDims: true });
  const shifted = lowering.call('Sub', { a: x, b: largest });
  const exponentials = lowering.call('Exp', { x: shifted });
  const total = lowering.call('Sum', { x: exponentials }, { axis: [1], keepDims: true });
  return lowering.call('Sub', { a: shifted, b: lowering.call('Log', { x: total }) });
};

/**
 * The first maximum of each row. TensorFlow's ArgMax does not say which of several maxima it takes, so it sees each maximum
 * weighted by how many columns follow it: these are all different.
 */
const argmax: Emitter = (node, lowering) => {
  const x = lowering.input(node, 0);
  const columns = lengthOf(inputOf(node, 0), 1);
  const largest = lowering.call('Max', { x }, { reductionIndices: [1], keepDims: true });
  const isLargest = toFloat(lowering.call('Equal', { a: x, b: largest }), lowering);
  const weights = lowering.call('Range', {}, { start: columns, stop: 0, step: -1, dtype: 'float32' });
  const weighted = lowering.call('Multiply', { a: isLargest, b: weights });
  return lowering.call('ArgMax', { x: weighted }, { axis: 1 });
};

const oneHot: Emitter = (node, lowering) =>
  lowering.call(
    'OneHot',
    { indices: lowering.input(node, 0) },
    { depth: numberOf(node, 'classes'), onValue: 1, offValue: 0, dtype: 'float32' },
  );

/** Operations on matrices and their rows. */
export const emitters: Record<string, Emitter> = { matmul, logSoftmax, argmax, oneHot };
