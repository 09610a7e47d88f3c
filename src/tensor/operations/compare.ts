import { ShapeError } from '../../errors.js';
import { broadcastShape, describe } from '../shape-rules.js';
import { createTensor, type Operand, type Operation, type Tensor } from '../tensor.js';
import { asTensor } from './constant.js';

const noDerivative = () => [null, null];
export const greaterOperation: Operation = { name: 'greater', derivative: noDerivative };
export const greaterEqualOperation: Operation = { name: 'greaterEqual', derivative: noDerivative };
export const equalOperation: Operation = { name: 'equal', derivative: noDerivative };

function compare(operation: Operation, a: Operand, b: Operand): Tensor {
  const [left, right] = [asTensor(a), asTensor(b)];
  if (left.dtype !== right.dtype || left.dtype === 'bool') {
    throw new ShapeError({ subject: operation.name, what: `cannot compare ${describe(left)} with ${describe(right)}` });
  }
  return createTensor(operation, [left, right], {}, broadcastShape(operation.name, left, right), 'bool');
}

/** a > b, elementwise with broadcasting. */
export function greater(a: Operand, b: Operand): Tensor {
  return compare(greaterOperation, a, b);
}

/** a ≥ b, elementwise with broadcasting. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return compare(greaterEqualOperation, a, b);
}

/** a = b, elementwise with broadcasting. */
export function equal(a: Operand, b: Operand): Tensor {
  return compare(equalOperation, a, b);
}
