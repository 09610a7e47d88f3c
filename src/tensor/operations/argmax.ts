import { lengthOf, requireFloat, requireRank } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const argmaxOperation: Operation = { name: 'argmax', derivative: () => [null] };

/** Index of the largest element of each row of [rows, columns]; the first one on ties. */
export function argmax(operand: Tensor): Tensor {
  requireFloat('argmax', operand);
  requireRank('argmax', operand, 2);
  return createTensor(argmaxOperation, [operand], {}, [lengthOf(operand, 0)], 'int');
}
