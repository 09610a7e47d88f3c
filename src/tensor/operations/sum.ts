import { ShapeError } from '../../errors.js';
import { describe, inputOf, normaliseAxes, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Shape, sameShape, type Tensor } from '../tensor.js';
import { reshape } from './reshape.js';

/** Sum over axes and repetition along axes are each other's adjoint, hence one file. */
export const sumOperation: Operation = {
  name: 'sum',
  derivative: (node, gradient) => {
    const operand = inputOf(node, 0);
    return [() => broadcastTo(reshape(gradient, keptShape(operand.shape, node)), operand.shape)];
  },
};

export const broadcastToOperation: Operation = {
  name: 'broadcastTo',
  derivative: (node, gradient) => [() => sumTo(gradient, inputOf(node, 0).shape)],
};

function keptShape(shape: Shape, node: Tensor): number[] {
  const axes = node.attributes.axes;
  return shape.map((length, axis) => (Array.isArray(axes) && axes.includes(axis) ? 1 : length));
}

/** Sum over the given axes (default: all). With `keepDims` the summed axes stay, with length 1. */
export function sum(
  operand: Tensor,
  axes: readonly number[] = operand.shape.map((_, axis) => axis),
  { keepDims = false }: { readonly keepDims?: boolean } = {},
): Tensor {
  requireFloat('sum', operand);
  const normalised = normaliseAxes('sum', operand.shape, axes);
  if (normalised.length === 0) return operand;
  const shape = keepDims
    ? operand.shape.map((length, axis) => (normalised.includes(axis) ? 1 : length))
    : operand.shape.filter((_, axis) => !normalised.includes(axis));
  return createTensor(sumOperation, [operand], { axes: normalised, keepDims }, shape, 'float');
}

function broadcasts(from: Shape, to: Shape): boolean {
  const offset = to.length - from.length;
  return offset >= 0 && from.every((length, axis) => length === 1 || length === to[axis + offset]);
}

/** Repeats along axes of length 1 (and new leading axes) until the tensor has the given shape. */
export function broadcastTo(operand: Tensor, shape: Shape): Tensor {
  requireFloat('broadcastTo', operand);
  if (sameShape(operand.shape, shape)) return operand;
  if (!broadcasts(operand.shape, shape))
    throw new ShapeError({
      subject: 'broadcastTo',
      what: `${describe(operand)} does not broadcast to [${shape.join(', ')}]`,
    });
  return createTensor(broadcastToOperation, [operand], { shape: [...shape] }, shape, 'float');
}

/** The adjoint of broadcasting: sums until the tensor has the given shape. */
export function sumTo(operand: Tensor, shape: Shape): Tensor {
  if (sameShape(operand.shape, shape)) return operand;
  if (!broadcasts(shape, operand.shape)) {
    throw new ShapeError({
      subject: 'sumTo',
      what: `${describe(operand)} is not a broadcast of [${shape.join(', ')}]`,
    });
  }
  const offset = operand.shape.length - shape.length;
  const axes = operand.shape.flatMap((length, axis) =>
    axis < offset || (shape[axis - offset] === 1 && length !== 1) ? [axis] : [],
  );
  return reshape(sum(operand, axes), shape);
}
