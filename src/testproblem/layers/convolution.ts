import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import { type Initialiser, uniformValues } from '../initialisers.js';
import type { Layer } from '../scope.js';

/** TensorFlow's "same" or "valid", or the zeros around the image as [top, left, bottom, right]. */
export type Padding = 'same' | 'valid' | readonly [number, number, number, number];

/** A number for rows and columns alike, or [rows, columns]. */
export type Extent = number | readonly [number, number];

/** Filters, kernel and stride as rows and columns or one number for both, and how the edges are filled. */
export interface ConvolutionOptions {
  readonly filters: number;
  readonly kernel: Extent;
  readonly stride?: Extent;
  readonly padding: Padding;
  readonly weight?: Initialiser;
  /** The initialiser of the biases, one per filter; `false`: there are none. */
  readonly bias?: Initialiser | false;
}

/** Convolution (cross-correlation) of images [n, channels, rows, columns] with a bias per filter. */
export function conv2d({ filters, kernel, stride = 1, padding, weight, bias }: ConvolutionOptions): Layer {
  const [size, steps] = [pair(kernel), pair(stride)];
  return (scope, x) => {
    const own = scope.next('conv');
    const channels = channelsOf(`conv2d of ${filters} filters`, x);
    const pytorch = uniformForFanIn(channels * size[0] * size[1]);
    const w = own.parameter('weight', [filters, channels, ...size], weight, { kind: 'kernel', pytorch });
    const b = bias === false ? undefined : own.parameter('bias', [filters], bias, { kind: 'bias', pytorch });
    const pads = padsOf(padding, x, size, steps);
    const sums = ops.conv2d(x, w, { stride: steps, padding: pads });
    return b === undefined ? sums : ops.add(sums, ops.reshape(b, [1, filters, 1, 1]));
  };
}

/** What PyTorch's convolutions and dense layers start with, weights and biases alike: U(±1/√fan-in). */
export function uniformForFanIn(fanIn: number): Initialiser {
  return uniformValues(1 / Math.sqrt(fanIn));
}

/** Rows and columns. */
export function pair(extent: Extent): readonly [number, number] {
  return typeof extent === 'number' ? [extent, extent] : extent;
}

/** Zeros around an image as [top, left, bottom, right]. */
export function padsOf(
  padding: Padding,
  image: ops.Tensor,
  size: readonly [number, number],
  stride: readonly [number, number],
): readonly [number, number, number, number] {
  return typeof padding === 'string' ? ops.paddingFor(padding, image, size, stride) : padding;
}

/** Channels of images that must have the shape [n, channels, rows, columns]. */
export function channelsOf(layer: string, x: ops.Tensor): number {
  const [channels, ...image] = x.shape.slice(1);
  if (channels === undefined || image.length !== 2) {
    throw new ConfigurationError({
      subject: layer,
      what: `the input has shape [${x.shape.slice(1)}]`,
      expected: '[channels, rows, columns]',
    });
  }
  return channels;
}
