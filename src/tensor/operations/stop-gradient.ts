import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const stopGradientOperation: Operation = { name: 'stopGradient', derivative: () => [null] };

/**
 * The operand itself, but a constant to derivatives: in ∇(vᵀ∇L) a direction v that was computed from the gradient must
 * not be differentiated. `simplify` removes it.
 */
export function stopGradient(operand: Tensor): Tensor {
  requireFloat('stopGradient', operand);
  return createTensor(stopGradientOperation, [operand], {}, operand.shape, 'float');
}
