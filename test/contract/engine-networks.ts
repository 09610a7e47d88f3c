import { type RandomStream, randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { derivativesOf, feedsOf, models } from '../testproblem/pytorch/models.js';
import { type EngineCase, engineCase, tolerances } from './engine-case.js';

/** A small convolutional network: x [n, c, h, w] → conv → what follows → result. */
interface Network {
  readonly name: string;
  readonly image: readonly [number, number, number, number];
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number, number, number];
  /** What is done with the convolution's result. */
  readonly after: (y: t.Tensor, own: (name: string, shape: t.Shape) => t.Tensor) => t.Tensor;
}

const same = [1, 1, 1, 1] as const;
const pool = (window: number, stride: number, padding: readonly [number, number, number, number] = [0, 0, 0, 0]) => {
  const geometry = { window: [window, window], stride: [stride, stride], padding } as const;
  return (y: t.Tensor) => t.maxPool2d(y, geometry);
};
const biased: Network['after'] = (y, own) => t.add(y, own('bias', [1, t.lengthOf(y, 1), 1, 1]));
const active: Network['after'] = (y, own) => t.relu(biased(y, own));
const second = (filters: number, after: Network['after']): Network['after'] => {
  return (y, own) => {
    const weights = own('second', [filters, t.lengthOf(active(y, own), 1), 3, 3]);
    return after(t.conv2d(pool(2, 2)(active(y, own)), weights, { stride: [1, 1], padding: same }), (name, shape) =>
      own(`${name} 2`, shape),
    );
  };
};

/** What the test problems leave out: other geometries, numbers of channels, and users of a convolution's result. */
const networks: readonly Network[] = [
  { name: 'one image', image: [1, 3, 8, 8], filters: 16, kernel: [3, 3], padding: same, after: second(32, active) },
  { name: 'three images', image: [3, 16, 6, 6], filters: 32, kernel: [3, 3], padding: same, after: second(16, active) },
  { name: 'an odd size', image: [2, 16, 9, 7], filters: 16, kernel: [3, 3], padding: same, after: second(16, active) },
  { name: 'stride 2', image: [2, 16, 8, 8], filters: 32, kernel: [3, 3], stride: [2, 2], padding: same, after: active },
  {
    name: 'stride 2 of an odd size, padded on one side',
    image: [2, 16, 9, 7],
    filters: 16,
    kernel: [3, 2],
    stride: [2, 2],
    padding: [0, 0, 1, 1],
    after: active,
  },
  { name: 'unequal strides', image: [2, 4, 7, 8], filters: 16, kernel: [2, 3], stride: [2, 1], after: active },
  {
    name: 'pixels that no window reads',
    image: [2, 16, 8, 8],
    filters: 16,
    kernel: [3, 3],
    stride: [3, 3],
    after: active,
  },
  { name: '12 channels', image: [2, 5, 6, 6], filters: 12, kernel: [3, 3], padding: same, after: second(20, active) },
  { name: '24 channels', image: [2, 24, 6, 6], filters: 24, kernel: [3, 3], padding: same, after: second(8, active) },
  {
    name: '16 of 12 channels',
    image: [2, 12, 6, 6],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: second(12, active),
  },
  {
    name: 'one channel',
    image: [2, 1, 8, 8],
    filters: 16,
    kernel: [5, 5],
    padding: [2, 2, 2, 2],
    after: second(1, active),
  },
  { name: 'a kernel of one', image: [2, 16, 4, 4], filters: 32, kernel: [1, 1], after: active },
  { name: 'a kernel as large as the image', image: [2, 16, 5, 5], filters: 16, kernel: [5, 5], after: active },
  {
    name: 'a kernel with more padding than itself',
    image: [2, 16, 4, 4],
    filters: 16,
    kernel: [1, 1],
    padding: same,
    after: active,
  },
  { name: 'a flat kernel', image: [2, 8, 6, 5], filters: 16, kernel: [1, 3], padding: [0, 1, 0, 1], after: active },
  { name: 'no bias', image: [2, 16, 6, 6], filters: 16, kernel: [3, 3], after: (y) => t.relu(y) },
  { name: 'no ReLU', image: [2, 16, 6, 6], filters: 16, kernel: [3, 3], after: biased },
  { name: 'pooling over 2, no ReLU', image: [2, 16, 8, 8], filters: 16, kernel: [3, 3], after: (y) => pool(2, 2)(y) },
  {
    name: 'pooling with padding, negative numbers',
    image: [2, 16, 8, 8],
    filters: 16,
    kernel: [3, 3],
    after: (y) => pool(3, 2, same)(y),
  },
  {
    name: 'overlapping pooling with padding',
    image: [2, 16, 8, 8],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: (y, own) => pool(3, 2, [0, 0, 1, 1])(active(y, own)),
  },
  {
    name: 'overlapping pooling of an odd size',
    image: [2, 16, 9, 7],
    filters: 16,
    kernel: [3, 3],
    after: (y, own) => pool(3, 1, same)(active(y, own)),
  },
  {
    name: 'pooling that leaves a row and a column',
    image: [2, 16, 9, 7],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: (y, own) => pool(2, 2)(active(y, own)),
  },
  {
    name: 'pooling over windows apart',
    image: [2, 16, 9, 9],
    filters: 16,
    kernel: [1, 1],
    after: (y, own) => pool(2, 3)(active(y, own)),
  },
  {
    name: 'pooling twice',
    image: [2, 8, 8, 8],
    filters: 16,
    kernel: [1, 1],
    after: (y) => pool(2, 2)(pool(2, 2)(t.relu(y))),
  },
  {
    name: 'a result that is used before and after the ReLU',
    image: [2, 16, 4, 4],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: (y, own) => t.add(active(y, own), t.multiply(biased(y, own), t.sigmoid(y))),
  },
  {
    name: 'a skip connection',
    image: [2, 16, 4, 4],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: (y, own) => {
      const r = active(y, own);
      return t.add(r, t.conv2d(r, own('skip', [16, 16, 3, 3]), { stride: [1, 1], padding: same }));
    },
  },
  {
    name: 'elementwise operations with operands of all shapes',
    image: [2, 16, 4, 3],
    filters: 16,
    kernel: [1, 1],
    after: (y, own) => {
      const shapes = [
        [],
        [1],
        [3],
        [4, 3],
        [16, 1, 1],
        [16, 4, 3],
        [2, 1, 4, 3],
        [2, 16, 1, 1],
        [2, 1, 1, 1],
        [1, 16, 4, 3],
      ];
      const scaled = shapes.map((shape) => t.multiply(t.tanh(y), own(`operand [${shape}]`, shape)));
      return t.select(t.greater(y, 0), scaled.reduce(t.add), t.subtract(t.square(y), t.exp(t.negate(t.abs(y)))));
    },
  },
  {
    name: 'a bias that only looks like one',
    image: [2, 16, 16, 16],
    filters: 16,
    kernel: [1, 1],
    after: (y, own) => t.relu(t.add(y, own('row', [16]))),
  },
  {
    name: 'sums over images and pixels',
    image: [2, 16, 4, 4],
    filters: 16,
    kernel: [3, 3],
    padding: same,
    after: (y) =>
      t.multiply(t.sum(t.tanh(y), [0, 2, 3], { keepDims: true }), t.sum(t.relu(y), [1], { keepDims: true })),
  },
];

/** The network's result; gradient and Hessian-vector product of its mean square with respect to image and weights. */
function casesOf({
  name,
  image,
  filters,
  kernel,
  stride = [1, 1],
  padding = [0, 0, 0, 0],
  after,
}: Network): EngineCase[] {
  const random = randomStream(2, 'network', name);
  const variables: t.Tensor[] = [];
  const feeds: Record<string, Float32Array> = {};
  const own = (variable: string, shape: t.Shape, scale = 0.5): t.Tensor => {
    const known = variables.find(({ attributes }) => attributes.name === variable);
    if (known !== undefined) return known;
    const tensor = t.input(variable, shape);
    variables.push(tensor);
    feeds[variable] = normal(random, t.sizeOf(shape), scale);
    return tensor;
  };
  const x = own('x', image, 1);
  const weights = own('weights', [filters, image[1], ...kernel], 1 / Math.sqrt(image[1] * kernel[0] * kernel[1]));
  const result = after(t.conv2d(x, weights, { stride, padding }), own);
  const loss = t.mean(t.square(result));
  const gradients = t.gradients(loss, variables);
  const directions = variables.map(({ shape }, index) => own(`direction ${index}`, shape, 1));
  const products = t.hessianVectorProduct(gradients, variables.slice(0, gradients.length), directions);
  const outputs: Record<string, t.Tensor> = { loss };
  for (const [index, gradient] of gradients.entries())
    outputs[`gradient ${variables[index]?.attributes.name}`] = gradient;
  for (const [index, product] of products.entries()) outputs[`product ${variables[index]?.attributes.name}`] = product;
  const tolerance = (output: string) => (output.startsWith('product') ? tolerances.second : tolerances.value);
  return [engineCase(name, { result }, feeds), engineCase(name, outputs, feeds, { tolerance, floor: () => 1e-2 })];
}

function normal(random: RandomStream, size: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, () => scale * random.normal());
}

/** Forward and derivatives of every network. */
export const networkCases = networks.map((network) => ({ name: network.name, cases: casesOf(network) }));

const tieGeometries: readonly { readonly name: string; readonly geometry: t.PoolingGeometry; readonly size: number }[] =
  [
    { name: 'tiles', geometry: { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }, size: 6 },
    { name: 'tiles that leave a row', geometry: { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }, size: 7 },
    { name: 'overlapping windows', geometry: { window: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] }, size: 6 },
    { name: 'windows around each pixel', geometry: { window: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] }, size: 5 },
  ];

/**
 * Pooling where many pixels of a window are equal, in images of small integers: every number is exact in single
 * precision, so that the engine must give the same bits as the oracle. With 16 channels behind a convolution the image
 * may lie in blocks, with 3 channels it does not.
 */
export const tieCases = tieGeometries.flatMap(({ name, geometry, size }) =>
  [3, 16].flatMap((channels) =>
    [
      { what: 'a constant image', draw: () => 2 },
      { what: 'a black image', draw: () => 0 },
      { what: 'numbers 0 and 1', draw: (random: RandomStream) => random.integer(2) },
      { what: 'numbers −1, 0 and 1', draw: (random: RandomStream) => random.integer(3) - 1 },
    ].flatMap(({ what, draw }) =>
      [false, true].map((rectified) => {
        const random = randomStream(3, name, what);
        const shape = [2, channels, size, size];
        const x = t.input('x', shape);
        const weights = t.input('weights', [channels, channels, 1, 1]);
        const direction = t.input('direction', shape);
        const y = t.conv2d(x, weights, { stride: [1, 1], padding: [0, 0, 0, 0] });
        const result = t.maxPool2d(rectified ? t.relu(y) : y, geometry);
        const factors = t.input('factors', result.shape);
        const gradients = t.gradients(t.dot(t.multiply(result, factors), result), [x]);
        const [product = y] = t.hessianVectorProduct(gradients, [x], [direction]);
        const integers = (length: number) => Float32Array.from({ length }, () => random.integer(7) - 3);
        const feeds = {
          x: Float32Array.from({ length: t.sizeOf(shape) }, () => draw(random)),
          weights: Float32Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0)),
          direction: integers(t.sizeOf(shape)),
          factors: integers(t.sizeOf(result.shape)),
        };
        const title = `${name}, ${channels} channels, ${what}${rectified ? ', after a ReLU' : ''}`;
        const outputs = { result, gradient: gradients[0] ?? y, product };
        return engineCase(title, outputs, feeds, { tolerance: () => tolerances.exact });
      }),
    ),
  ),
);

/** Networks with states, noise, recurrence, transposed convolutions and attention: loss, gradient and product as one program. */
export const modelCases: readonly EngineCase[] = models.map((model) =>
  engineCase(model.name, derivativesOf(model, 4), feedsOf(model, 4), {
    tolerance: (output) => (output.startsWith('product/') ? 5 * tolerances.second : tolerances.second),
    floor: () => 0.1,
  }),
);
