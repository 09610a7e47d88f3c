import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { exp } from './exp.js';
import { multiply, square } from './multiply.js';
import { negate } from './negate.js';

/** erf′(x) = 2/√π · e^(−x²). */
export const erfOperation: Operation = {
  name: 'erf',
  derivative: (node, gradient) => [
    () => multiply(gradient, multiply(exp(negate(square(inputOf(node, 0)))), 2 / Math.sqrt(Math.PI))),
  ],
};

/** Error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise. */
export function erf(operand: Tensor): Tensor {
  requireFloat('erf', operand);
  return createTensor(erfOperation, [operand], {}, operand.shape, 'float');
}
