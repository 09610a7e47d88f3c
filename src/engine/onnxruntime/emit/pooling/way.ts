import type { PoolingGeometry, Tensor } from '../../../../tensor/index.js';
import type { Layout, Lowering } from '../../lowering.js';
import type { Phase } from '../shifted-images.js';

/** One image under one window, computed in one way: the pooling, and what its derivatives need of the selected places. */
export interface Pooling {
  /** The layout of all results. */
  readonly layout: Layout;
  /** maxPool2d(x): the name of the pooled image. */
  pooled(node: Tensor): string;
  /** maxPoolScatter(x, g): g added at the selected places. */
  scatter(node: Tensor): string;
  /** maxPoolGather(x, v): v read at the selected places. */
  gather(node: Tensor): string;
  /** maxPoolScatter(x, g) as the four quarters of its positions, where the way has no other form. */
  readonly scatteredPhases?: (node: Tensor) => readonly { readonly phase: Phase; readonly plane: string }[];
}

/** A way to compute a pooling; `undefined` where it does not cover the image, the window or the device. */
export type PoolingWay = (x: Tensor, geometry: PoolingGeometry, lowering: Lowering) => Pooling | undefined;

/** Whether some operation needs the places that the poolings of an image select. */
export function needsPlaces(x: Tensor, lowering: Lowering): boolean {
  return lowering
    .consumersOf(x)
    .some(({ operation, inputs }) => /^maxPool(Scatter|Gather)$/.test(operation.name) && inputs[0] === x);
}
