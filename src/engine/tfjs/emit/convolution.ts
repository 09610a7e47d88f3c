import { exactly } from '../../../expect.js';
import { geometryOf, inputOf, type Shape, samePadding, type Tensor } from '../../../tensor/index.js';
import { arranged, type Emitter, type Layout, type Lowering } from '../lowering.js';
import type { Slot } from '../plan.js';
import { cropped, padded } from './padding.js';

/** How a convolution's kernel is told about its padding, and the padding that has to be part of the image. */
interface Frame {
  readonly pad: 'valid' | 'same';
  readonly padding: readonly [number, number, number, number];
}

const none = [0, 0, 0, 0] as const;

/**
 * TensorFlow's rules "valid" and "same" where the geometry is one of them. Other paddings are zeros around the image:
 * tfjs-node refuses explicit paddings in the gradients' kernels.
 */
function frameOf(node: Tensor, image: Shape, kernel: Shape): Frame {
  const { stride, padding } = geometryOf(node);
  if (padding.every((amount) => amount === 0)) return { pad: 'valid', padding: none };
  const [, , height = 1, width = 1] = image;
  const [, , kernelHeight = 1, kernelWidth = 1] = kernel;
  const rows = samePadding(height, kernelHeight, stride[0]);
  const columns = samePadding(width, kernelWidth, stride[1]);
  const same = [rows.before, columns.before, rows.after, columns.after];
  return same.every((amount, side) => amount === padding[side])
    ? { pad: 'same', padding: none }
    : { pad: 'valid', padding };
}

function attributesOf(node: Tensor, { pad }: Frame) {
  return { strides: geometryOf(node).stride, pad, dataFormat: 'NHWC' };
}

const conv2d: Emitter = (node, lowering) => {
  const [x, w] = [inputOf(node, 0), inputOf(node, 1)];
  const frame = frameOf(node, x.shape, w.shape);
  const image = padded(lowering.value(x, 'channelsLast'), frame.padding, lowering);
  const filter = lowering.value(w, 'kernel');
  return lowering.call('Conv2D', { x: image, filter }, { ...attributesOf(node, frame), dilations: [1, 1] });
};

const inputGradient: Emitter = (node, lowering) => {
  const [g, w] = [inputOf(node, 0), inputOf(node, 1)];
  const frame = frameOf(node, node.shape, w.shape);
  const [n, height, width, channels] = exactly(arranged(node.shape, 'channelsLast'), 4);
  const [top, left, bottom, right] = frame.padding;
  const inputShape = [n, height + top + bottom, width + left + right, channels];
  const inputs = { dy: lowering.value(g, 'channelsLast'), filter: lowering.value(w, 'kernel') };
  const gradient = lowering.call('Conv2DBackpropInput', inputs, { ...attributesOf(node, frame), inputShape });
  return cropped(gradient, inputShape, [top, left], [height, width], lowering);
};

const weightGradient: Emitter = (node, lowering) => {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  if (!lowering.options.weightGradientKernel) return asConvolution(node, lowering);
  const frame = frameOf(node, x.shape, node.shape);
  const image = padded(lowering.value(x, 'channelsLast'), frame.padding, lowering);
  const attributes = { ...attributesOf(node, frame), filterShape: arranged(node.shape, 'kernel') };
  return lowering.call('Conv2DBackpropFilter', { x: image, dy: lowering.value(g, 'channelsLast') }, attributes);
};

/**
 * The same sums as a convolution whose "images" are the input channels, whose "channels" are the images and whose filters
 * are the output gradients, dilated by the stride: the CPU backend's own kernel for them is many times slower.
 */
function asConvolution(node: Tensor, lowering: Lowering): Slot {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const { stride, padding } = geometryOf(node);
  const last = 'channelsLast';
  const swapped = (tensor: Tensor, permutation: readonly number[]) =>
    lowering.transpose(lowering.value(tensor, last), arranged(tensor.shape, last), permutation);
  const image = padded(swapped(x, [3, 1, 2, 0]), padding, lowering);
  const gradients = swapped(g, [1, 2, 0, 3]);
  const attributes = { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', dilations: stride };
  const sums = lowering.call('Conv2D', { x: image, filter: gradients }, attributes);
  const [filters, channels, kernelHeight, kernelWidth] = exactly(node.shape, 4);
  const [, , height, width] = exactly(x.shape, 4);
  const [, , rows, columns] = exactly(g.shape, 4);
  // Pixels that no window reads make further sums, which belong to no place of the kernel.
  const made = [
    channels,
    height + padding[0] + padding[2] - (rows - 1) * stride[0],
    width + padding[1] + padding[3] - (columns - 1) * stride[1],
    filters,
  ];
  const kernel = cropped(sums, made, [0, 0], [kernelHeight, kernelWidth], lowering);
  return lowering.transpose(kernel, [channels, kernelHeight, kernelWidth, filters], [1, 2, 0, 3]);
}

export const emitters: Record<string, Emitter> = {
  conv2d,
  conv2dInputGradient: inputGradient,
  conv2dWeightGradient: weightGradient,
};

export const naturalLayouts: Record<string, () => Layout> = {
  conv2d: () => 'channelsLast',
  conv2dInputGradient: () => 'channelsLast',
  conv2dWeightGradient: () => 'kernel',
};
