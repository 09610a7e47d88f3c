import { ShapeError } from '../../errors.js';
import { describe, lengthOf } from '../shape-rules.js';
import type { Tensor } from '../tensor.js';
import { logSoftmax } from './log-softmax.js';
import { multiply } from './multiply.js';
import { negate } from './negate.js';
import { oneHot } from './one-hot.js';
import { sum } from './sum.js';

/** −log softmax(logits)[label] for each row: logits [n, classes], integer labels [n] → [n]. */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const fitting = logits.shape.length === 2 && labels.shape.length === 1 && labels.dtype === 'int';
  if (!fitting || lengthOf(logits, 0) !== lengthOf(labels, 0)) {
    throw new ShapeError({
      subject: 'softmaxCrossEntropy',
      found: `${describe(logits)} and ${describe(labels)}`,
      expected: 'logits [n, classes] float and labels [n] int',
    });
  }
  return negate(sum(multiply(oneHot(labels, lengthOf(logits, 1)), logSoftmax(logits)), [1]));
}
