import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const toFloatOperation: Operation = { name: 'toFloat', derivative: () => [null] };

/** Integers or truth values as floating-point numbers (false 0, true 1). */
export function toFloat(operand: Tensor): Tensor {
  if (operand.dtype === 'float') return operand;
  return createTensor(toFloatOperation, [operand], {}, operand.shape, 'float');
}
