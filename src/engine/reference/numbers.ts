import type { DType, Shape, Tensor } from '../../tensor/index.js';

/** Numbers of the oracle: float64, int32; truth values are the integers 0 and 1. */
export type Numbers = Float64Array | Int32Array;

/** Computes a node's numbers from its inputs' numbers. */
export type Kernel = (node: Tensor, inputs: readonly Numbers[]) => Numbers;

/** Room for the numbers of a tensor, filled with zeros. */
export function allocate(shape: Shape, dtype: DType): Numbers {
  const size = elementsOf(shape);
  return dtype === 'float' ? new Float64Array(size) : new Int32Array(size);
}

/** Number of elements of a shape. */
export function elementsOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** How far apart neighbours along each axis are in row-major order. */
export function rowMajorStrides(shape: Shape): number[] {
  return shape.map((_, axis) => elementsOf(shape.slice(axis + 1)));
}

/** The numbers and the tensor of a node's input. */
export function operand(node: Tensor, inputs: readonly Numbers[], index: number): { data: Numbers; shape: Shape } {
  const [data, tensor] = [inputs[index], node.inputs[index]];
  if (data === undefined || tensor === undefined) throw new Error(`${node.operation.name}: no input ${index}`);
  return { data, shape: tensor.shape };
}

/** A numeric list among a node's attributes. */
export function list(node: Tensor, name: string): readonly number[] {
  const value = node.attributes[name];
  if (!Array.isArray(value)) throw new Error(`${node.operation.name}: no list ${name}`);
  return value;
}

/** A number among a node's attributes. */
export function scalar(node: Tensor, name: string): number {
  const value = node.attributes[name];
  if (typeof value !== 'number') throw new Error(`${node.operation.name}: no number ${name}`);
  return value;
}

/**
 * Visits every index of a shape in row-major order, innermost axis as a run: `visit(position, offset, stride, count)`
 * where `position` counts elements and `offset` = start + Σ index · stride.
 */
export function eachRow(
  shape: Shape,
  strides: readonly number[],
  start: number,
  visit: (position: number, offset: number, stride: number, count: number) => void,
): void {
  const last = shape.length - 1;
  if (last < 0) {
    visit(0, start, 0, 1);
    return;
  }
  const count = shape[last] as number;
  const stride = strides[last] as number;
  let position = 0;
  const descend = (axis: number, offset: number): void => {
    if (axis === last) {
      visit(position, offset, stride, count);
      position += count;
      return;
    }
    for (let index = 0; index < (shape[axis] as number); index++)
      descend(axis + 1, offset + index * (strides[axis] as number));
  };
  descend(0, start);
}

/** A new tensor of the given shape whose element at an index is `source[start + Σ index · stride]`. */
export function read<T extends Numbers>(source: T, shape: Shape, strides: readonly number[], start = 0): Numbers {
  const size = elementsOf(shape);
  const target = source instanceof Float64Array ? new Float64Array(size) : new Int32Array(size);
  eachRow(shape, strides, start, (position, offset, stride, count) => {
    for (let index = 0; index < count; index++) target[position + index] = source[offset + index * stride] as number;
  });
  return target;
}

/** Adds each element of `source`, a tensor of the given shape, to `target[start + Σ index · stride]`. */
export function accumulate(
  target: Numbers,
  source: Numbers,
  shape: Shape,
  strides: readonly number[],
  start = 0,
): Numbers {
  eachRow(shape, strides, start, (position, offset, stride, count) => {
    for (let index = 0; index < count; index++) {
      const place = offset + index * stride;
      target[place] = (target[place] as number) + (source[position + index] as number);
    }
  });
  return target;
}

/** The operand repeated along axes of length 1 and new leading axes. */
export function broadcast(source: Numbers, from: Shape, to: Shape): Numbers {
  const own = rowMajorStrides(from);
  const added = to.length - from.length;
  const strides = to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : (own[axis - added] as number)));
  return read(source, to, strides);
}
