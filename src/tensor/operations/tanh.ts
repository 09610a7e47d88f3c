import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply, square } from './multiply.js';
import { subtract } from './subtract.js';

export const tanhOperation: Operation = {
  name: 'tanh',
  derivative: (node, gradient) => [() => multiply(gradient, subtract(1, square(node)))],
};

/** Hyperbolic tangent, elementwise. */
export function tanh(operand: Tensor): Tensor {
  requireFloat('tanh', operand);
  return createTensor(tanhOperation, [operand], {}, operand.shape, 'float');
}
