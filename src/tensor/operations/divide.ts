import { broadcastShape, inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { asTensor } from './constant.js';
import { multiply } from './multiply.js';
import { negate } from './negate.js';
import { sumTo } from './sum.js';

export const divideOperation: Operation = {
  name: 'divide',
  derivative: (node, gradient) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [
      () => sumTo(divide(gradient, b), a.shape),
      () => sumTo(negate(divide(multiply(gradient, node), b)), b.shape),
    ];
  },
};

/** a / b, elementwise with broadcasting. */
export function divide(a: Operand, b: Operand): Tensor {
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat('divide', left, right);
  return createTensor(divideOperation, [left, right], {}, broadcastShape('divide', left, right), 'float');
}
