import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';
import { type ConvolutionOptions, channelsOf, pair, uniformForFanIn } from './convolution.js';

/**
 * Transposed convolution with kernel [channels, filters, rows, columns], PyTorch's layout: the input gradient of a
 * convolution. With padding "same" an image grows by the stride, and what is cut off is TensorFlow's choice (for kernel 4
 * and stride 1, one row before and two after). With [top, left, bottom, right] that much is cut off; "valid" cuts nothing.
 */
export function transposedConv2d({ filters, kernel, stride = 1, padding, weight, bias }: ConvolutionOptions): Layer {
  const [size, steps] = [pair(kernel), pair(stride)];
  return (scope, x) => {
    const own = scope.next('deconv');
    const channels = channelsOf(`transposedConv2d of ${filters} filters`, x);
    // PyTorch takes the second axis of the kernel for the inputs here, too.
    const pytorch = uniformForFanIn(filters * size[0] * size[1]);
    const w = own.parameter('weight', [channels, filters, ...size], weight, { kind: 'kernel', pytorch });
    const b = bias === false ? undefined : own.parameter('bias', [filters], bias, { kind: 'bias', pytorch });
    const [rows, columns] = [0, 1].map((axis) => {
      const [length, window, step] = [ops.lengthOf(x, 2 + axis), size[axis] ?? 1, steps[axis] ?? 1];
      if (padding === 'same') return { length: length * step, ...ops.samePadding(length * step, window, step) };
      const [before = 0, after = 0] = padding === 'valid' ? [] : [padding[axis], padding[axis + 2]];
      return { length: (length - 1) * step + window - before - after, before, after };
    });
    if (rows === undefined || columns === undefined) throw new RangeError('an image has two axes');
    const image = [ops.lengthOf(x, 0), filters, rows.length, columns.length];
    const pads = [rows.before, columns.before, rows.after, columns.after] as const;
    const sums = ops.conv2dInputGradient(x, w, image, { stride: steps, padding: pads });
    return b === undefined ? sums : ops.add(sums, ops.reshape(b, [1, filters, 1, 1]));
  };
}
