import { ShapeError } from '../../errors.js';
import { at } from '../../expect.js';
import { describe, inputOf, numbersOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, sameShape, type Tensor } from '../tensor.js';

/** Cutting out and padding with zeros are each other's adjoint, hence one file. */
export const sliceOperation: Operation = {
  name: 'slice',
  derivative: (node, gradient) => {
    const operand = inputOf(node, 0);
    const [begin, end] = [numbersOf(node, 'begin'), numbersOf(node, 'end')];
    const after = operand.shape.map((length, axis) => length - (end[axis] ?? 0));
    return [() => pad(gradient, begin, after)];
  },
};

export const padOperation: Operation = {
  name: 'pad',
  derivative: (node, gradient) => {
    const operand = inputOf(node, 0);
    const before = numbersOf(node, 'before');
    const end = operand.shape.map((length, axis) => at(before, axis) + length);
    return [() => slice(gradient, before, end)];
  },
};

/** The block `begin[i] ≤ index < end[i]` on every axis i. */
export function slice(operand: Tensor, begin: readonly number[], end: readonly number[]): Tensor {
  const shape = operand.shape.map((_, axis) => (end[axis] ?? 0) - (begin[axis] ?? 0));
  const inside = operand.shape.every(
    (length, axis) =>
      Number.isInteger(begin[axis]) && (begin[axis] ?? -1) >= 0 && at(shape, axis) >= 0 && (end[axis] ?? 0) <= length,
  );
  if (!inside || begin.length !== operand.shape.length || end.length !== operand.shape.length) {
    throw new ShapeError({
      subject: 'slice',
      what: `[${begin.join(', ')}] to [${end.join(', ')}] is outside ${describe(operand)}`,
    });
  }
  if (sameShape(shape, operand.shape)) return operand;
  return createTensor(sliceOperation, [operand], { begin: [...begin], end: [...end] }, shape, operand.dtype);
}

/** Adds `before[i]` zeros in front of and `after[i]` behind the operand on every axis i. */
export function pad(operand: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  requireFloat('pad', operand);
  const fits = [before, after].every(
    (lengths) =>
      lengths.length === operand.shape.length && lengths.every((length) => Number.isInteger(length) && length >= 0),
  );
  if (!fits) {
    throw new ShapeError({
      subject: 'pad',
      what: `[${before.join(', ')}] and [${after.join(', ')}] do not fit ${describe(operand)}`,
    });
  }
  const shape = operand.shape.map((length, axis) => length + at(before, axis) + at(after, axis));
  if (sameShape(shape, operand.shape)) return operand;
  return createTensor(padOperation, [operand], { before: [...before], after: [...after] }, shape, 'float');
}
