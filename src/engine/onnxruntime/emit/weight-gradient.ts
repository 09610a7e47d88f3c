import { geometryOf, inputOf, type Tensor } from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';

/** Kernels of at most this many numbers per filter are cheaper as a product with the shifted images. */
const fewTaps = 32;

/** Whether the weight gradient is computed as one dilated convolution, which wants the output gradient channels-first. */
export function usesDilatedConvolution(node: Tensor, lowering: Lowering): boolean {
  return (
    node.operation.name === 'conv2dWeightGradient' &&
    !usesShiftedImages(node) &&
    strideOne(node) &&
    lowering.options.dilatedWeightGradient
  );
}

function usesShiftedImages(node: Tensor): boolean {
  const [, c = 1, kh = 1, kw = 1] = node.shape;
  return strideOne(node) && c * kh * kw <= fewTaps;
}

function strideOne(node: Tensor): boolean {
  const { stride } = geometryOf(node);
  return stride[0] === 1 && stride[1] === 1;
}

/** Gradient of a convolution with respect to its kernel, [o, c, kh, kw]. */
export function emitWeightGradient(node: Tensor, lowering: Lowering): string {
  if (usesShiftedImages(node)) return shiftedImages(node, lowering);
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
  const [n = 1, c = 1, height = 1, width = 1] = x.shape;
  const [, , rows = 1, columns = 1] = g.shape;
  const [o = 1, , kh = 1, kw = 1] = node.shape;
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

/** A batched product of the output gradients [n, o, h'w'] with the kh·kw shifted images [n, c·kh·kw, h'w'], summed over n. */
function shiftedImages(node: Tensor, lowering: Lowering): string {
  const { graph } = lowering;
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const [n = 1, c = 1] = x.shape;
  const [, o = 1, rows = 1, columns = 1] = g.shape;
  const [, , kh = 1, kw = 1] = node.shape;
  const { padding } = geometryOf(node);
  const key = `shifted images of ${x.id} ${[...node.shape, rows, columns, ...padding].join(' ')}`;
  const images = lowering.once(key, () => {
    const [top, left, bottom, right] = padding;
    const image = lowering.value(x);
    const padded = padding.some((p) => p > 0)
      ? graph.add('Pad', [image, graph.integers([0, 0, top, left, 0, 0, bottom, right])])
      : image;
    const shifts = Array.from({ length: kh * kw }, (_, tap) => {
      const begin = [Math.floor(tap / kw), tap % kw] as const;
      const [from, to] = [graph.integers(begin), graph.integers([begin[0] + rows, begin[1] + columns])];
      const shifted = graph.add('Slice', [padded, from, to, graph.integers([2, 3])]);
      return lowering.view(shifted, [n, c, 1, rows * columns]);
    });
    return lowering.view(graph.add('Concat', shifts, { axis: 2 }), [n, c * kh * kw, rows * columns]);
  });
  const gradients = lowering.view(lowering.value(g), [n, o, rows * columns]);
  const products = graph.add('FusedMatMul', [gradients, images], { transB: 1 }, 'com.microsoft');
  return lowering.view(graph.add('ReduceSum', [products, graph.integers([0])], { keepdims: 0 }), node.shape);
}

/** A convolution of the transposed tensors, dilated by the stride: right for every geometry. */
function transposedConvolution(node: Tensor, lowering: Lowering): string {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const { stride, padding } = geometryOf(node);
  const [, , kh = 1, kw = 1] = node.shape;
  const [, , rows = 1, columns = 1] = g.shape;
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
