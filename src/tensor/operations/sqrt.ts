import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { divide } from './divide.js';
import { multiply } from './multiply.js';

export const sqrtOperation: Operation = {
  name: 'sqrt',
  derivative: (node, gradient) => [() => divide(multiply(gradient, 0.5), node)],
};

/** √x, elementwise. */
export function sqrt(operand: Tensor): Tensor {
  requireFloat('sqrt', operand);
  return createTensor(sqrtOperation, [operand], {}, operand.shape, 'float');
}
