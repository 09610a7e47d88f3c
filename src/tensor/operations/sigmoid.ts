import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';

export const sigmoidOperation: Operation = {
  name: 'sigmoid',
  derivative: (node, gradient) => [() => multiply(gradient, multiply(node, subtract(1, node)))],
};

/** Logistic function 1 / (1 + e⁻ˣ), elementwise. */
export function sigmoid(operand: Tensor): Tensor {
  requireFloat('sigmoid', operand);
  return createTensor(sigmoidOperation, [operand], {}, operand.shape, 'float');
}
