import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { divide } from './divide.js';

export const logOperation: Operation = {
  name: 'log',
  derivative: (node, gradient) => [() => divide(gradient, inputOf(node, 0))],
};

/** Natural logarithm, elementwise. */
export function log(operand: Tensor): Tensor {
  requireFloat('log', operand);
  return createTensor(logOperation, [operand], {}, operand.shape, 'float');
}
