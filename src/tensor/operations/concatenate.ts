import { ShapeError } from '../../errors.js';
import { at } from '../../expect.js';
import { describe, lengthOf, normaliseAxes, numberOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { slice } from './slice.js';

export const concatenateOperation: Operation = {
  name: 'concatenate',
  derivative: (node, gradient) => {
    const axis = numberOf(node, 'axis');
    let offset = 0;
    return node.inputs.map((part) => {
      const begin = part.shape.map((_, index) => (index === axis ? offset : 0));
      const end = part.shape.map((length, index) => (index === axis ? at(begin, index) : 0) + length);
      offset += lengthOf(part, axis);
      return () => slice(gradient, begin, end);
    });
  },
};

/** The tensors one after the other along an axis; all other axes have equal lengths. */
export function concatenate(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (first === undefined)
    throw new ShapeError({ subject: 'concatenate', found: 'no tensors', expected: 'at least one' });
  requireFloat('concatenate', ...parts);
  const [along = 0] = normaliseAxes('concatenate', first.shape, [axis]);
  for (const part of parts) {
    const fits =
      part.shape.length === first.shape.length &&
      part.shape.every((length, index) => index === along || length === first.shape[index]);
    if (!fits)
      throw new ShapeError({
        subject: 'concatenate',
        what: `${describe(part)} does not fit ${describe(first)} along axis ${along}`,
      });
  }
  if (parts.length === 1) return first;
  const total = parts.reduce((length, part) => length + lengthOf(part, along), 0);
  const shape = first.shape.map((length, index) => (index === along ? total : length));
  return createTensor(concatenateOperation, parts, { axis: along }, shape, 'float');
}
