import { requireFloat, requireRank } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';
import { sum } from './sum.js';

/** ∂/∂x of log softmax applied to g: g − softmax(x) Σ g, with softmax(x) = exp(output). */
export const logSoftmaxOperation: Operation = {
  name: 'logSoftmax',
  derivative: (node, gradient) => [
    () => subtract(gradient, multiply(exp(node), sum(gradient, [-1], { keepDims: true }))),
  ],
};

/** log(softmax(x)) along the last axis of [rows, classes], computed stably. */
export function logSoftmax(operand: Tensor): Tensor {
  requireFloat('logSoftmax', operand);
  requireRank('logSoftmax', operand, 2);
  return createTensor(logSoftmaxOperation, [operand], {}, operand.shape, 'float');
}

/** softmax(x) along the last axis of [rows, classes]. */
export function softmax(operand: Tensor): Tensor {
  return exp(logSoftmax(operand));
}
