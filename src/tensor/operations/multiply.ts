import { broadcastShape, inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { asTensor } from './constant.js';
import { sumTo } from './sum.js';

export const multiplyOperation: Operation = {
  name: 'multiply',
  derivative: (node, gradient) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [() => sumTo(multiply(gradient, b), a.shape), () => sumTo(multiply(gradient, a), b.shape)];
  },
};

/** a · b, elementwise with broadcasting. */
export function multiply(a: Operand, b: Operand): Tensor {
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat('multiply', left, right);
  return createTensor(multiplyOperation, [left, right], {}, broadcastShape('multiply', left, right), 'float');
}

/** x², elementwise. */
export function square(operand: Tensor): Tensor {
  return multiply(operand, operand);
}
