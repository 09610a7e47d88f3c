import { ShapeError } from '../../errors.js';
import { exactly } from '../../expect.js';
import { describe, inputOf, numbersOf, requireFloat, requireRank } from '../shape-rules.js';
import { createTensor, type Operation, type Shape, sameShape, type Tensor } from '../tensor.js';

/** Geometry of a pooling: window [rows, columns], strides, zero padding [top, left, bottom, right]. */
export interface PoolingGeometry {
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

/**
 * Max pooling selects one element of each window: the FIRST maximum in row-major order, where padding counts as an
 * element of value 0 (as DeepOBS pads). Writing to the selected places and reading from them are each other's adjoint,
 * hence one file. The selection itself has derivative zero almost everywhere.
 */
export const maxPool2dOperation: Operation = {
  name: 'maxPool2d',
  derivative: (node, gradient) => [() => maxPoolScatter(inputOf(node, 0), gradient, poolingGeometryOf(node))],
};

export const maxPoolScatterOperation: Operation = {
  name: 'maxPoolScatter',
  derivative: (node, gradient) => [null, () => maxPoolGather(inputOf(node, 0), gradient, poolingGeometryOf(node))],
};

export const maxPoolGatherOperation: Operation = {
  name: 'maxPoolGather',
  derivative: (node, gradient) => [null, () => maxPoolScatter(inputOf(node, 0), gradient, poolingGeometryOf(node))],
};

/** The geometry stored in a pooling's attributes. */
export function poolingGeometryOf(node: Tensor): PoolingGeometry {
  const [height, width] = exactly(numbersOf(node, 'window'), 2);
  const [rows, columns] = exactly(numbersOf(node, 'stride'), 2);
  const [top, left, bottom, right] = exactly(numbersOf(node, 'padding'), 4);
  return { window: [height, width], stride: [rows, columns], padding: [top, left, bottom, right] };
}

function pooledShape(name: string, x: Tensor, { window, stride, padding }: PoolingGeometry): number[] {
  requireFloat(name, x);
  requireRank(name, x, 4);
  const [n, channels, height, width] = exactly(x.shape, 4);
  const rows = Math.floor((height + padding[0] + padding[2] - window[0]) / stride[0]) + 1;
  const columns = Math.floor((width + padding[1] + padding[3] - window[1]) / stride[1]) + 1;
  const geometryFits =
    [...window, ...stride].every((length) => Number.isInteger(length) && length >= 1) &&
    padding.every((amount, side) => Number.isInteger(amount) && amount >= 0 && amount < (window[side % 2] ?? 0));
  if (rows < 1 || columns < 1 || !geometryFits) {
    throw new ShapeError({
      subject: name,
      what: `window ${window} with stride ${stride}, padding ${padding} does not fit ${describe(x)}`,
    });
  }
  return [n, channels, rows, columns];
}

function attributesOf({ window, stride, padding }: PoolingGeometry) {
  return { window: [...window], stride: [...stride], padding: [...padding] };
}

function requireShape(name: string, tensor: Tensor, expected: Shape): void {
  requireFloat(name, tensor);
  if (!sameShape(tensor.shape, expected)) {
    throw new ShapeError({ subject: name, found: describe(tensor), expected: `[${expected.join(', ')}]` });
  }
}

/** Largest element of each window of x [n, c, h, w] → [n, c, h', w']. */
export function maxPool2d(x: Tensor, geometry: PoolingGeometry): Tensor {
  return createTensor(maxPool2dOperation, [x], attributesOf(geometry), pooledShape('maxPool2d', x, geometry), 'float');
}

/** Adds g [n, c, h', w'] at the places that maxPool2d(x) selects → [n, c, h, w]; what falls on padding is dropped. */
export function maxPoolScatter(x: Tensor, g: Tensor, geometry: PoolingGeometry): Tensor {
  requireShape('maxPoolScatter', g, pooledShape('maxPoolScatter', x, geometry));
  return createTensor(maxPoolScatterOperation, [x, g], attributesOf(geometry), x.shape, 'float');
}

/** Reads v [n, c, h, w] at the places that maxPool2d(x) selects → [n, c, h', w']; 0 where padding was selected. */
export function maxPoolGather(x: Tensor, v: Tensor, geometry: PoolingGeometry): Tensor {
  const shape = pooledShape('maxPoolGather', x, geometry);
  requireShape('maxPoolGather', v, x.shape);
  return createTensor(maxPoolGatherOperation, [x, v], attributesOf(geometry), shape, 'float');
}
