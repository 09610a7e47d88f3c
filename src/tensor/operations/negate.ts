import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const negateOperation: Operation = {
  name: 'negate',
  derivative: (_, gradient) => [() => negate(gradient)],
};

/** −x, elementwise. */
export function negate(operand: Tensor): Tensor {
  requireFloat('negate', operand);
  return createTensor(negateOperation, [operand], {}, operand.shape, 'float');
}
