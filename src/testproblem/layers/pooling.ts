import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';
import { channelsOf, type Extent, type Padding, padsOf, pair } from './convolution.js';

/** A pooling over windows. */
export interface PoolingOptions {
  readonly size: Extent;
  readonly stride: Extent;
  /** Default "same". */
  readonly padding?: Padding;
}

/** Largest element of each window; what the padding adds counts as 0. */
export function maxPool({ size, stride, padding = 'same' }: PoolingOptions): Layer {
  const [window, steps] = [pair(size), pair(stride)];
  return (_, x) => {
    channelsOf(`maxPool of size ${size}`, x);
    return ops.maxPool2d(x, { window, stride: steps, padding: padsOf(padding, x, window, steps) });
  };
}
