import { requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { step } from './step.js';

/** The mask comes from the output, so that an engine may fuse the operation into its producer. relu'(0) = 0. */
export const reluOperation: Operation = {
  name: 'relu',
  derivative: (node, gradient) => [() => multiply(gradient, step(node))],
};

/** max(x, 0), elementwise. */
export function relu(operand: Tensor): Tensor {
  requireFloat('relu', operand);
  return createTensor(reluOperation, [operand], {}, operand.shape, 'float');
}
