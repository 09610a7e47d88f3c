import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { negate } from './negate.js';

// One file for the two: each is the other's derivative.

export const sinOperation: Operation = {
  name: 'sin',
  derivative: (node, gradient) => [() => multiply(gradient, cos(inputOf(node, 0)))],
};

export const cosOperation: Operation = {
  name: 'cos',
  derivative: (node, gradient) => [() => negate(multiply(gradient, sin(inputOf(node, 0))))],
};

/** Sine of an angle in radians, elementwise. */
export function sin(operand: Tensor): Tensor {
  requireFloat('sin', operand);
  return createTensor(sinOperation, [operand], {}, operand.shape, 'float');
}

/** Cosine of an angle in radians, elementwise. */
export function cos(operand: Tensor): Tensor {
  requireFloat('cos', operand);
  return createTensor(cosOperation, [operand], {}, operand.shape, 'float');
}
