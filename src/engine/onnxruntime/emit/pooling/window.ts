import { exactly } from '../../../../expect.js';
import { inputOf, type PoolingGeometry, type Shape, type Tensor } from '../../../../tensor/index.js';
import type { Lowering } from '../../lowering.js';
import type { PoolingWay } from './way.js';

/**
 * Max pooling without indices, for devices whose MaxPool cannot say where the maximum was. A convolution with one-hot kernels
 * lays the numbers of each window side by side, [n·c, k, h', w']; a mask has its 1 at the first of the largest. Padding counts
 * as an element of value 0, as the convolution pads. Exact: products with 0 and 1, and sums with one term that is not 0.
 */
export const windowPooling: PoolingWay = (x, geometry, lowering) => {
  // MaxPool itself may drop NaN there.
  if (!lowering.options.webgpu) return undefined;
  return {
    layout: 'plain',
    pooled: (node) => gathered(x, lowering.value(x), geometry, node.shape, lowering),
    scatter: (node) => scattered(x, inputOf(node, 1), geometry, lowering),
    gather: (node) => gathered(x, lowering.value(inputOf(node, 1)), geometry, node.shape, lowering),
  };
};

/** The elements of every window of an image, [n·c, k, h', w']. */
function windowsOf(image: string, shape: Shape, geometry: PoolingGeometry, lowering: Lowering): string {
  const [n, c, height, width] = exactly(shape, 4);
  const { window, stride, padding } = geometry;
  const attributes = { kernel_shape: window, strides: stride, pads: padding };
  return lowering.graph.add(
    'Conv',
    [lowering.view(image, [n * c, 1, height, width]), oneHotKernels(geometry, lowering)],
    attributes,
  );
}

/** Kernel t is 1 at the window's place t: [k, 1, rows, columns]. */
function oneHotKernels({ window: [rows, columns] }: PoolingGeometry, { graph }: Lowering): string {
  const places = rows * columns;
  const identity = Array.from({ length: places * places }, (_, index) => (index % (places + 1) === 0 ? 1 : 0));
  return graph.numbers(identity, [places, 1, rows, columns]);
}

/** 1 at the first of the largest elements of each window, else 0: [n·c, k, h', w']. */
function selection(x: Tensor, geometry: PoolingGeometry, lowering: Lowering): string {
  const { graph } = lowering;
  return lowering.once(`windows of ${x.id} ${JSON.stringify(geometry)} selection`, () => {
    const windows = windowsOf(lowering.value(x), x.shape, geometry, lowering);
    const places = geometry.window[0] * geometry.window[1];
    const along = graph.integers([1]);
    const largest = graph.add('ReduceMax', [windows, along], { keepdims: 1 });
    const equal = graph.add('Cast', [graph.add('Equal', [windows, largest])], { to: 1 });
    // The earlier of two equal elements gets the higher rank.
    const ranks = graph.numbers(
      Array.from({ length: places }, (_, place) => places - place),
      [1, places, 1, 1],
    );
    const ranked = graph.add('Mul', [equal, ranks]);
    const first = graph.add('ReduceMax', [ranked, along], { keepdims: 1 });
    return graph.add('Cast', [graph.add('Equal', [ranked, first])], { to: 1 });
  });
}

/** The selected element of each window of v, an image of x's shape → [n, c, h', w']. */
function gathered(x: Tensor, v: string, geometry: PoolingGeometry, shape: Shape, lowering: Lowering): string {
  const { graph } = lowering;
  const selected = graph.add('Mul', [windowsOf(v, x.shape, geometry, lowering), selection(x, geometry, lowering)]);
  return lowering.view(graph.add('ReduceSum', [selected, graph.integers([1])], { keepdims: 0 }), shape);
}

/** Adds g [n, c, h', w'] at the selected places of x → an image of x's shape. */
function scattered(x: Tensor, g: Tensor, geometry: PoolingGeometry, lowering: Lowering): string {
  const { graph } = lowering;
  const [n, c, height, width] = exactly(x.shape, 4);
  const [, , rows, columns] = exactly(g.shape, 4);
  const { window, stride, padding } = geometry;
  const gradients = lowering.view(lowering.value(g), [n * c, 1, rows, columns]);
  const spread = graph.add('Mul', [gradients, selection(x, geometry, lowering)]);
  const [top, left, bottom, right] = padding;
  const image = graph.add('ConvTranspose', [spread, oneHotKernels(geometry, lowering)], {
    kernel_shape: window,
    strides: stride,
    pads: padding,
    output_padding: [
      height - ((rows - 1) * stride[0] + window[0] - top - bottom),
      width - ((columns - 1) * stride[1] + window[1] - left - right),
    ],
  });
  return lowering.view(image, x.shape);
}
