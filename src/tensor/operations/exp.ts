import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';

export const expOperation: Operation = {
  name: 'exp',
  derivative: (node, gradient) => [() => multiply(gradient, node)],
};

/** eˣ, elementwise. */
export function exp(operand: Tensor): Tensor {
  requireFloat('exp', operand);
  return createTensor(expOperation, [operand], {}, operand.shape, 'float');
}
