import { broadcastShape, inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { asTensor } from './constant.js';
import { sumTo } from './sum.js';

export const addOperation: Operation = {
  name: 'add',
  derivative: (node, gradient) => [
    () => sumTo(gradient, inputOf(node, 0).shape),
    () => sumTo(gradient, inputOf(node, 1).shape),
  ],
};

/** a + b, elementwise with broadcasting. */
export function add(a: Operand, b: Operand): Tensor {
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat('add', left, right);
  return createTensor(addOperation, [left, right], {}, broadcastShape('add', left, right), 'float');
}
