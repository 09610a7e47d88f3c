import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const signOperation: Operation = { name: 'sign', derivative: () => [null] };

/** −1, 0 or 1, elementwise. Its derivative is zero. */
export function sign(operand: Tensor): Tensor {
  requireFloat('sign', operand);
  return createTensor(signOperation, [operand], {}, operand.shape, 'float');
}
