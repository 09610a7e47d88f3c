import { ShapeError } from '../../errors.js';
import { describe } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const oneHotOperation: Operation = { name: 'oneHot', derivative: () => [null] };

/** Integer labels [n] as rows [n, classes] with a one at the label and zeros elsewhere. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  if (labels.dtype !== 'int' || labels.shape.length !== 1) {
    throw new ShapeError({ subject: 'oneHot', found: describe(labels), expected: 'integer labels [n]' });
  }
  return createTensor(oneHotOperation, [labels], { classes }, [...labels.shape, classes], 'float');
}
