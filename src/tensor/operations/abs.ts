import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { sign } from './sign.js';

export const absOperation: Operation = {
  name: 'abs',
  derivative: (node, gradient) => [() => multiply(gradient, sign(inputOf(node, 0)))],
};

/** |x|, elementwise; the derivative at 0 is 0. */
export function abs(operand: Tensor): Tensor {
  requireFloat('abs', operand);
  return createTensor(absOperation, [operand], {}, operand.shape, 'float');
}
