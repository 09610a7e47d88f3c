import { exactly } from '../../../expect.js';
import { geometryOf, inputOf, type Tensor } from '../../../tensor/index.js';
import type { Emitter, Lowering } from '../lowering.js';
import { poolingOf } from './pooling/pooling.js';
import { type Phase, shiftedImages, strideOne, usesShiftedImages } from './shifted-images.js';

/** Whether the weight gradient is computed as one dilated convolution, which wants the output gradient channels-first. */
export function usesDilatedConvolution(node: Tensor, lowering: Lowering): boolean {
  return (
    node.operation.name === 'conv2dWeightGradient' &&
    !usesShiftedImages(node) &&
    strideOne(node) &&
    lowering.options.dilatedWeightGradient
  );
}

/** Gradient of a convolution with respect to its kernel, [o, c, kh, kw]. */
function emitWeightGradient(node: Tensor, lowering: Lowering): string {
  if (usesShiftedImages(node)) return productWithShiftedImages(node, lowering);
  return usesDilatedConvolution(node, lowering)
    ? dilatedConvolution(node, lowering)
    : transposedConvolution(node, lowering);
}

/**
 * One convolution whose "batch" is 1, whose "channels" are the images and whose filters are the output gradients: the
 * channels-last image read as [1, n, h, w·c], dilated by c along its rows, gives [1, o, kh, kw·c]. Exact: the same sums.
 */
function dilatedConvolution(node: Tensor, lowering: Lowering): string {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const [n, c, height, width] = exactly(x.shape, 4);
  const [, , rows, columns] = exactly(g.shape, 4);
  const [o, , kh, kw] = exactly(node.shape, 4);
  const [top, left, bottom, right] = geometryOf(node).padding;
  const image = lowering.view(lowering.value(x, 'channelsLast'), [1, n, height, width * c]);
  const gradient = lowering.graph.add('Conv', [image, lowering.value(g, 'channelsFirst')], {
    kernel_shape: [rows, columns],
    dilations: [1, c],
    strides: [1, 1],
    pads: [top, left * c, bottom, right * c],
  });
  return lowering.transpose(lowering.view(gradient, [o, kh, kw, c]), [0, 3, 1, 2]);
}

/** A batched product of the output gradients [n, o, h'w'] with the shifted images, summed over n. */
function productWithShiftedImages(node: Tensor, lowering: Lowering): string {
  const { graph } = lowering;
  const g = inputOf(node, 1);
  const phases = g.operation.name === 'maxPoolScatter' ? poolingOf(g, lowering).scatteredPhases?.(g) : undefined;
  if (phases !== undefined) return productOfPhases(node, phases, lowering);
  const [n, o, rows, columns] = exactly(g.shape, 4);
  const gradients = lowering.view(lowering.value(g), [n, o, rows * columns]);
  const images = shiftedImages(node, undefined, lowering);
  const products = graph.add('FusedMatMul', [gradients, images], { transB: 1 }, 'com.microsoft');
  return lowering.view(graph.add('ReduceSum', [products, graph.integers([0])], { keepdims: 0 }), node.shape);
}

/**
 * The same with a gradient that a pooling has left in four phases: they are neither put together nor taken out of their
 * blocked layout, in which a product [taps, positions] × [positions, B] gives a block of filters.
 */
function productOfPhases(
  node: Tensor,
  phases: readonly { readonly phase: Phase; readonly plane: string }[],
  lowering: Lowering,
): string {
  const { graph } = lowering;
  const [n, blocks, rows, columns, block] = lowering.blockedShape(inputOf(node, 1).shape);
  const [, c, kh, kw] = exactly(node.shape, 4);
  const positions = (rows * columns) / phases.length;
  const products = phases.map(({ phase, plane }) => {
    const images = lowering.view(shiftedImages(node, phase, lowering), [n, 1, c * kh * kw, positions]);
    return graph.add('MatMul', [images, lowering.view(plane, [n, blocks, positions, block])]);
  });
  const sum = graph.add('ReduceSum', [graph.add('Sum', products), graph.integers([0])], { keepdims: 0 });
  return lowering.view(lowering.transpose(sum, [0, 2, 1]), node.shape);
}

/** A convolution of the transposed tensors, dilated by the stride: right for every geometry. */
function transposedConvolution(node: Tensor, lowering: Lowering): string {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const { stride, padding } = geometryOf(node);
  const [, , kh, kw] = exactly(node.shape, 4);
  const [, , rows, columns] = exactly(g.shape, 4);
  const swapped = lowering.graph.add('Conv', [lowering.value(x, 'channelsFirst'), lowering.value(g, 'channelsFirst')], {
    kernel_shape: [rows, columns],
    dilations: stride,
    strides: [1, 1],
    pads: padding,
  });
  const ends = lowering.graph.integers([kh, kw]);
  const cut = lowering.graph.add('Slice', [
    swapped,
    lowering.graph.integers([0, 0]),
    ends,
    lowering.graph.integers([2, 3]),
  ]);
  return lowering.transpose(cut, [1, 0, 2, 3]);
}

export const emitters: Record<string, Emitter> = { conv2dWeightGradient: emitWeightGradient };
