import { ShapeError } from '../../errors.js';
import { exactly } from '../../expect.js';
import { describe, inputOf, lengthOf, numbersOf, requireFloat, requireRank } from '../shape-rules.js';
import { createTensor, type Operation, type Shape, sameShape, type Tensor } from '../tensor.js';

/** Geometry of a convolution: strides [rows, columns] and zero padding [top, left, bottom, right]. */
export interface ConvolutionGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

/**
 * The trilinear form ⟨g, x ∗ w⟩ has three gradients, each the adjoint of the others in its two arguments, hence one file:
 * conv2d(x, w), conv2dInputGradient(g, w) and conv2dWeightGradient(x, g). Each one's derivative is the other two.
 */
export const conv2dOperation: Operation = {
  name: 'conv2d',
  derivative: (node, gradient) => {
    const [x, w] = [inputOf(node, 0), inputOf(node, 1)];
    const geometry = geometryOf(node);
    return [
      () => conv2dInputGradient(gradient, w, x.shape, geometry),
      () => conv2dWeightGradient(x, gradient, w.shape, geometry),
    ];
  },
};

export const conv2dInputGradientOperation: Operation = {
  name: 'conv2dInputGradient',
  derivative: (node, gradient) => {
    const [g, w] = [inputOf(node, 0), inputOf(node, 1)];
    const geometry = geometryOf(node);
    return [() => conv2d(gradient, w, geometry), () => conv2dWeightGradient(gradient, g, w.shape, geometry)];
  },
};

export const conv2dWeightGradientOperation: Operation = {
  name: 'conv2dWeightGradient',
  derivative: (node, gradient) => {
    const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
    const geometry = geometryOf(node);
    return [() => conv2dInputGradient(g, gradient, x.shape, geometry), () => conv2d(x, gradient, geometry)];
  },
};

/** The geometry stored in a convolution's or its gradients' attributes. */
export function geometryOf(node: Tensor): ConvolutionGeometry {
  const [rows, columns] = exactly(numbersOf(node, 'stride'), 2);
  const [top, left, bottom, right] = exactly(numbersOf(node, 'padding'), 4);
  return { stride: [rows, columns], padding: [top, left, bottom, right] };
}

function outputShape(name: string, x: Shape, w: Shape, { stride, padding }: ConvolutionGeometry): number[] {
  const [n = 0, channels = 0, height = 0, width = 0] = x;
  const [filters = 0, channelsOfW = 0, kernelHeight = 0, kernelWidth = 0] = w;
  const rows = Math.floor((height + padding[0] + padding[2] - kernelHeight) / stride[0]) + 1;
  const columns = Math.floor((width + padding[1] + padding[3] - kernelWidth) / stride[1]) + 1;
  const geometryFits =
    stride.every((step) => Number.isInteger(step) && step >= 1) &&
    padding.every((amount) => Number.isInteger(amount) && amount >= 0);
  if (x.length !== 4 || w.length !== 4 || channels !== channelsOfW || !geometryFits || rows < 1 || columns < 1) {
    throw new ShapeError({
      subject: name,
      what: `image [${x.join(', ')}] and kernel [${w.join(', ')}] do not fit with stride ${stride} and padding ${padding}`,
    });
  }
  return [n, filters, rows, columns];
}

function attributesOf({ stride, padding }: ConvolutionGeometry) {
  return { stride: [...stride], padding: [...padding] };
}

function requireGradientShape(name: string, g: Tensor, expected: Shape): void {
  if (!sameShape(g.shape, expected)) {
    throw new ShapeError({
      subject: name,
      found: `the output gradient ${describe(g)}`,
      expected: `[${expected.join(', ')}]`,
    });
  }
}

/** Cross-correlation, as the field calls convolution: x [n, c, h, w] with kernel [o, c, kh, kw] → [n, o, h', w']. */
export function conv2d(x: Tensor, w: Tensor, geometry: ConvolutionGeometry): Tensor {
  requireFloat('conv2d', x, w);
  const shape = outputShape('conv2d', x.shape, w.shape, geometry);
  return createTensor(conv2dOperation, [x, w], attributesOf(geometry), shape, 'float');
}

/** Gradient of ⟨g, conv2d(x, w)⟩ with respect to x; g [n, o, h', w'] → `inputShape` [n, c, h, w]. */
export function conv2dInputGradient(g: Tensor, w: Tensor, inputShape: Shape, geometry: ConvolutionGeometry): Tensor {
  requireFloat('conv2dInputGradient', g, w);
  requireGradientShape('conv2dInputGradient', g, outputShape('conv2dInputGradient', inputShape, w.shape, geometry));
  return createTensor(conv2dInputGradientOperation, [g, w], attributesOf(geometry), inputShape, 'float');
}

/** Gradient of ⟨g, conv2d(x, w)⟩ with respect to w; g [n, o, h', w'] → `weightShape` [o, c, kh, kw]. */
export function conv2dWeightGradient(x: Tensor, g: Tensor, weightShape: Shape, geometry: ConvolutionGeometry): Tensor {
  requireFloat('conv2dWeightGradient', x, g);
  requireGradientShape('conv2dWeightGradient', g, outputShape('conv2dWeightGradient', x.shape, weightShape, geometry));
  return createTensor(conv2dWeightGradientOperation, [x, g], attributesOf(geometry), weightShape, 'float');
}

/**
 * TensorFlow's "same" padding for one axis: out = ceil(in / stride); total = max((out − 1) stride + kernel − in, 0);
 * half of it (rounded down) before, the rest after.
 */
export function samePadding(length: number, kernel: number, stride: number): { before: number; after: number } {
  const out = Math.ceil(length / stride);
  const total = Math.max((out - 1) * stride + kernel - length, 0);
  const before = Math.floor(total / 2);
  return { before, after: total - before };
}

/** "same" or "valid" padding of a 4-d image as [top, left, bottom, right]. */
export function paddingFor(
  mode: 'same' | 'valid',
  image: Tensor,
  kernel: readonly [number, number],
  stride: readonly [number, number],
): [number, number, number, number] {
  requireRank('padding', image, 4);
  if (mode === 'valid') return [0, 0, 0, 0];
  const rows = samePadding(lengthOf(image, 2), kernel[0], stride[0]);
  const columns = samePadding(lengthOf(image, 3), kernel[1], stride[1]);
  return [rows.before, columns.before, rows.after, columns.after];
}
