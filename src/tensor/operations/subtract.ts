import { broadcastShape, inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { asTensor } from './constant.js';
import { negate } from './negate.js';
import { sumTo } from './sum.js';

export const subtractOperation: Operation = {
  name: 'subtract',
  derivative: (node, gradient) => [
    () => sumTo(gradient, inputOf(node, 0).shape),
    () => negate(sumTo(gradient, inputOf(node, 1).shape)),
  ],
};

/** a − b, elementwise with broadcasting. */
export function subtract(a: Operand, b: Operand): Tensor {
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat('subtract', left, right);
  return createTensor(subtractOperation, [left, right], {}, broadcastShape('subtract', left, right), 'float');
}
