import { ShapeError } from '../errors.js';
import type { Shape, Tensor } from './tensor.js';

/** A shape for people: `[128, 10] float`. */
export function describe(tensor: Tensor): string {
  return `[${tensor.shape.join(', ')}] ${tensor.dtype}`;
}

/** The shape that two shapes broadcast to by NumPy's rule. */
export function broadcastShape(operation: string, a: Tensor, b: Tensor): number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const fromA = a.shape[axis - rank + a.shape.length] ?? 1;
    const fromB = b.shape[axis - rank + b.shape.length] ?? 1;
    if (fromA !== fromB && fromA !== 1 && fromB !== 1) {
      throw new ShapeError({ subject: operation, what: `shapes ${describe(a)} and ${describe(b)} do not broadcast` });
    }
    shape.push(fromA === 1 ? fromB : fromA);
  }
  return shape;
}

/** Throws unless the tensor holds floating-point numbers. */
export function requireFloat(operation: string, ...tensors: readonly Tensor[]): void {
  for (const tensor of tensors) {
    if (tensor.dtype !== 'float')
      throw new ShapeError({ subject: operation, found: describe(tensor), expected: 'float' });
  }
}

/** Throws unless the tensor has the given number of axes. */
export function requireRank(operation: string, tensor: Tensor, rank: number): void {
  if (tensor.shape.length !== rank) {
    throw new ShapeError({ subject: operation, found: describe(tensor), expected: `${rank} axes` });
  }
}

/** Axes as sorted, non-negative, distinct numbers; negative ones count from the end. */
export function normaliseAxes(operation: string, shape: Shape, axes: readonly number[]): number[] {
  const normalised = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  for (const axis of normalised) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
      throw new ShapeError({ subject: operation, what: `axis ${axis} is outside the shape [${shape.join(', ')}]` });
    }
  }
  return [...new Set(normalised)].sort((a, b) => a - b);
}

/** The length of an axis that is known to exist. */
export function lengthOf(tensor: Tensor, axis: number): number {
  const length = tensor.shape[axis < 0 ? axis + tensor.shape.length : axis];
  if (length === undefined) throw new ShapeError({ what: `axis ${axis} is outside ${describe(tensor)}` });
  return length;
}

/** An input that is known to exist. */
export function inputOf(node: Tensor, index: number): Tensor {
  const input = node.inputs[index];
  if (input === undefined) throw new ShapeError({ subject: node.operation.name, what: `input ${index} is missing` });
  return input;
}

/** An attribute that is known to be a list of numbers. */
export function numbersOf(node: Tensor, name: string): readonly number[] {
  const value = node.attributes[name];
  if (!Array.isArray(value))
    throw new ShapeError({ subject: node.operation.name, what: `attribute ${name} is missing` });
  return value;
}

/** An attribute that is known to be a number. */
export function numberOf(node: Tensor, name: string): number {
  const value = node.attributes[name];
  if (typeof value !== 'number')
    throw new ShapeError({ subject: node.operation.name, what: `attribute ${name} is missing` });
  return value;
}
