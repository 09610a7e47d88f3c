import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const stepOperation: Operation = { name: 'step', derivative: () => [null] };

/** Heaviside step, elementwise: 1 where x > 0, else 0 (also at 0). Its derivative is zero. */
export function step(operand: Tensor): Tensor {
  requireFloat('step', operand);
  return createTensor(stepOperation, [operand], {}, operand.shape, 'float');
}
