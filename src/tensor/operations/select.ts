import { ShapeError } from '../../errors.js';
import { broadcastShape, describe, inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { greaterEqual } from './compare.js';
import { asTensor, zeros } from './constant.js';
import { broadcastTo, sumTo } from './sum.js';

export const selectOperation: Operation = {
  name: 'select',
  derivative: (node, gradient) => {
    const condition = inputOf(node, 0);
    return [
      null,
      () => sumTo(select(condition, gradient, 0), inputOf(node, 1).shape),
      () => sumTo(select(condition, 0, gradient), inputOf(node, 2).shape),
    ];
  },
};

/**
 * `a` where the condition holds, else `b`; elementwise with broadcasting. A NaN that is not chosen does not leak
 * into the value, but 0 · NaN may appear in the gradient of what made it: guard that one's argument, too.
 */
export function select(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (condition.dtype !== 'bool')
    throw new ShapeError({ subject: 'select', found: `the condition ${describe(condition)}`, expected: 'bool' });
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat('select', left, right);
  const values = broadcastShape('select', left, right);
  const shape = broadcastShape('select', condition, broadcastTo(zeros([]), values));
  return createTensor(selectOperation, [condition, left, right], {}, shape, 'float');
}

function comparable(operation: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const [left, right] = [asTensor(a), asTensor(b)];
  requireFloat(operation, left, right);
  broadcastShape(operation, left, right);
  return [left, right];
}

/** The larger of a and b, elementwise; where they are equal, the gradient goes to a. */
export function maximum(a: Operand, b: Operand): Tensor {
  const [left, right] = comparable('maximum', a, b);
  return select(greaterEqual(left, right), left, right);
}

/** The smaller of a and b, elementwise; where they are equal, the gradient goes to a. */
export function minimum(a: Operand, b: Operand): Tensor {
  const [left, right] = comparable('minimum', a, b);
  return select(greaterEqual(right, left), left, right);
}
