import type { RandomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { distinct, ofOne, ofTwo, type Row, type Sample } from './sampling.js';

/** A convolution's kernel and geometry. */
interface Convolution extends t.ConvolutionGeometry {
  readonly kernel: readonly [number, number];
}

const convolutions: readonly Convolution[] = [
  { kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] },
  { kernel: [3, 2], stride: [1, 1], padding: [0, 0, 0, 0] },
  { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] },
  { kernel: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] },
  { kernel: [2, 3], stride: [2, 1], padding: [1, 0, 0, 2] },
  { kernel: [1, 2], stride: [2, 2], padding: [0, 1, 0, 0] },
  { kernel: [4, 3], stride: [1, 2], padding: [2, 1, 1, 0] },
];

/** Shapes of image, kernel and output of a convolution, the sizes random. */
function convolutionShapes(random: RandomStream, { kernel, stride, padding }: Convolution) {
  const [n, channels, filters] = [1 + random.integer(2), 1 + random.integer(3), 1 + random.integer(3)];
  const height = kernel[0] + 1 + random.integer(4);
  const width = kernel[1] + 1 + random.integer(4);
  const image = [n, channels, height, width];
  const weights = [filters, channels, kernel[0], kernel[1]];
  const rows = Math.floor((height + padding[0] + padding[2] - kernel[0]) / stride[0]) + 1;
  const columns = Math.floor((width + padding[1] + padding[3] - kernel[1]) / stride[1]) + 1;
  return { image, weights, output: [n, filters, rows, columns] };
}

function eachConvolution(
  sample: (shapes: ReturnType<typeof convolutionShapes>, geometry: Convolution, random: RandomStream) => Sample,
): (random: RandomStream) => Sample[] {
  return (random) => convolutions.map((geometry) => sample(convolutionShapes(random, geometry), geometry, random));
}

const poolings: readonly t.PoolingGeometry[] = [
  { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
  { window: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] },
  { window: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] },
  { window: [3, 2], stride: [2, 1], padding: [2, 0, 0, 1] },
];

/** Image and pooled shape; the image has places that no window covers for some sizes. */
function poolingShapes(random: RandomStream, { window, stride, padding }: t.PoolingGeometry) {
  const image = [1 + random.integer(2), 1 + random.integer(2), 4 + random.integer(3), 4 + random.integer(3)];
  const [n = 1, channels = 1, height = 1, width = 1] = image;
  const rows = Math.floor((height + padding[0] + padding[2] - window[0]) / stride[0]) + 1;
  const columns = Math.floor((width + padding[1] + padding[3] - window[1]) / stride[1]) + 1;
  return { image, pooled: [n, channels, rows, columns] };
}

function eachPooling(
  sample: (shapes: ReturnType<typeof poolingShapes>, geometry: t.PoolingGeometry, random: RandomStream) => Sample,
): (random: RandomStream) => Sample[] {
  return (random) => poolings.map((geometry) => sample(poolingShapes(random, geometry), geometry, random));
}

/** Convolution and max pooling with all their faces. */
export const imageRows: readonly Row[] = [
  {
    file: 'conv2d',
    name: 'conv2d',
    samples: eachConvolution(({ image, weights }, geometry, random) =>
      ofTwo(random, [image, weights], (x, w) => t.conv2d(x, w, geometry)),
    ),
  },
  {
    file: 'conv2d',
    name: 'conv2dInputGradient',
    samples: eachConvolution(({ image, weights, output }, geometry, random) =>
      ofTwo(random, [output, weights], (g, w) => t.conv2dInputGradient(g, w, image, geometry)),
    ),
  },
  {
    file: 'conv2d',
    name: 'conv2dWeightGradient',
    samples: eachConvolution(({ image, weights, output }, geometry, random) =>
      ofTwo(random, [image, output], (x, g) => t.conv2dWeightGradient(x, g, weights, geometry)),
    ),
  },
  {
    file: 'max-pool2d',
    name: 'maxPool2d',
    samples: eachPooling(({ image }, geometry, random) =>
      ofOne(random, image, (x) => t.maxPool2d(x, geometry), distinct),
    ),
  },
  {
    file: 'max-pool2d',
    name: 'maxPoolScatter',
    samples: eachPooling(({ image, pooled }, geometry, random) =>
      ofTwo(random, [image, pooled], (x, g) => t.maxPoolScatter(x, t.square(g), geometry), distinct),
    ),
  },
  {
    file: 'max-pool2d',
    name: 'maxPoolGather',
    samples: eachPooling(({ image }, geometry, random) =>
      ofTwo(random, [image, image], (x, v) => t.maxPoolGather(x, t.multiply(t.exp(x), v), geometry), distinct),
    ),
  },
];
