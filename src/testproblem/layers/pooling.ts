import { ConfigurationError } from '../../errors.js';
import { exactly } from '../../expect.js';
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

/**
 * Mean of each window: of the pixels inside the image, as TensorFlow, or with `countPadding` of all places, as PyTorch does
 * unless told otherwise.
 */
export function averagePool({
  size,
  stride,
  padding = 'same',
  countPadding = false,
}: PoolingOptions & { readonly countPadding?: boolean }): Layer {
  const [window, steps] = [pair(size), pair(stride)];
  return (_, x) => {
    const channels = channelsOf(`averagePool of size ${size}`, x);
    const [n, , height, width] = exactly(x.shape, 4);
    const pads = padsOf(padding, x, window, steps);
    const padded = pads.some((amount) => amount > 0);
    const tiles = window.every((length, axis) => length === steps[axis] && ops.lengthOf(x, 2 + axis) % length === 0);
    if (tiles && !padded) {
      const [rows, columns] = window;
      const blocks = ops.reshape(x, [n, channels, height / rows, rows, width / columns, columns]);
      return ops.mean(blocks, [3, 5]);
    }
    // A convolution with ones: each channel of each image is an image of its own.
    const sumsOf = (images: ops.Tensor) =>
      ops.conv2d(images, ops.constant(1, [1, 1, ...window]), { stride: steps, padding: pads });
    const sums = sumsOf(ops.reshape(x, [n * channels, 1, height, width]));
    const means =
      padded && !countPadding
        ? ops.divide(sums, sumsOf(ops.constant(1, [1, 1, height, width])))
        : ops.multiply(sums, 1 / (window[0] * window[1]));
    return ops.reshape(means, [n, channels, ...means.shape.slice(2)]);
  };
}

/** Mean over rows and columns: [n, channels, rows, columns] → [n, channels]. */
export function globalAveragePool(): Layer {
  return (_, x) => {
    channelsOf('globalAveragePool', x);
    return ops.mean(x, [2, 3]);
  };
}

/** Mean over the positions of a sequence: [n, positions, features] → [n, features]. */
export function meanOverPositions(): Layer {
  return (_, x) => {
    if (x.shape.length !== 3) {
      throw new ConfigurationError({
        subject: 'meanOverPositions',
        what: `the input has shape [${x.shape.slice(1)}]`,
        expected: '[positions, features]',
      });
    }
    return ops.mean(x, [1]);
  };
}
