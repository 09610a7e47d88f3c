import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import { sizeOf } from '../../src/tensor/index.js';
import { loadTestProblem, type TestProblem, testProblemNames } from '../../src/testproblem/index.js';

/** The layer tables of DeepOBS (Schneider et al. 2019 and its PyTorch release), as PyTorch lays parameters out. */
const convolutional2 = [
  ['conv1.weight', [32, 1, 5, 5]],
  ['conv1.bias', [32]],
  ['conv2.weight', [64, 32, 5, 5]],
  ['conv2.bias', [64]],
  ['dense1.weight', [1024, 3136]],
  ['dense1.bias', [1024]],
  ['dense2.weight', [10, 1024]],
  ['dense2.bias', [10]],
];
const multilayer = [1000, 500, 100, 10].flatMap((units, index, all) => [
  [`dense${index + 1}.weight`, [units, all[index - 1] ?? 784]],
  [`dense${index + 1}.bias`, [units]],
]);
const regression = [
  ['dense1.weight', [10, 784]],
  ['dense1.bias', [10]],
];
const convolutional3 = (classes: number) => [
  ['conv1.weight', [64, 3, 5, 5]],
  ['conv1.bias', [64]],
  ['conv2.weight', [96, 64, 3, 3]],
  ['conv2.bias', [96]],
  ['conv3.weight', [128, 96, 3, 3]],
  ['conv3.bias', [128]],
  ['dense1.weight', [512, 1152]],
  ['dense1.bias', [512]],
  ['dense2.weight', [256, 512]],
  ['dense2.bias', [256]],
  ['dense3.weight', [classes, 256]],
  ['dense3.bias', [classes]],
];
/** All-CNN-C: kernels [filters, channels, size] in order. */
const convolutional9 = [
  ...[
    [96, 3, 3],
    [96, 96, 3],
    [96, 96, 3],
    [192, 96, 3],
    [192, 192, 3],
    [192, 192, 3],
    [192, 192, 3],
    [192, 192, 1],
    [100, 192, 1],
  ].flatMap(([filters = 0, channels = 0, size = 0], index) => [
    [`conv${index + 1}.weight`, [filters, channels, size, size]],
    [`conv${index + 1}.bias`, [filters]],
  ]),
];
/** Wide residual networks: `blocks` in each group of 64, 128 and 256 filters. */
const wide = (blocks: number, classes: number) => [
  ['conv1.weight', [16, 3, 3, 3]],
  ...[64, 128, 256].flatMap((filters, index, all) =>
    Array.from({ length: blocks }, (_, block) => {
      const into = block > 0 ? filters : (all[index - 1] ?? 16);
      const path = `group${index + 1}.block${block + 1}`;
      return [
        [`${path}.norm1.gain`, [into]],
        [`${path}.norm1.bias`, [into]],
        [`${path}.conv1.weight`, [filters, into, 3, 3]],
        [`${path}.norm2.gain`, [filters]],
        [`${path}.norm2.bias`, [filters]],
        [`${path}.conv2.weight`, [filters, filters, 3, 3]],
        ...(block > 0 ? [] : [[`${path}.shortcut.conv1.weight`, [filters, into, 1, 1]]]),
      ];
    }).flat(),
  ),
  ['norm1.gain', [256]],
  ['norm1.bias', [256]],
  ['dense1.weight', [classes, 256]],
  ['dense1.bias', [classes]],
];
/** VGG: convolutions of the five blocks, then three dense layers. */
const visual = (blocks: readonly number[], classes: number) => {
  const filters = blocks.flatMap((count, index) => Array<number>(count).fill(Math.min(512, 64 * 2 ** index)));
  return [
    ...filters.flatMap((own, index) => [
      [`conv${index + 1}.weight`, [own, filters[index - 1] ?? 3, 3, 3]],
      [`conv${index + 1}.bias`, [own]],
    ]),
    ...[4096, 4096, classes].flatMap((units, index, all) => [
      [`dense${index + 1}.weight`, [units, all[index - 1] ?? 25_088]],
      [`dense${index + 1}.bias`, [units]],
    ]),
  ];
};
const visual16 = [2, 2, 3, 3, 3];
const visual19 = [2, 2, 4, 4, 4];

const autoencoder = [
  ...[1, 64, 64].flatMap((channels, index) => [
    [`encoder.conv${index + 1}.weight`, [64, channels, 4, 4]],
    [`encoder.conv${index + 1}.bias`, [64]],
  ]),
  ...['mean', 'deviation'].flatMap((name) => [
    [`${name}.dense1.weight`, [8, 3136]],
    [`${name}.dense1.bias`, [8]],
  ]),
  ['decoder.dense1.weight', [24, 8]],
  ['decoder.dense1.bias', [24]],
  ['decoder.dense2.weight', [49, 24]],
  ['decoder.dense2.bias', [49]],
  ...[1, 64, 64].flatMap((channels, index) => [
    [`decoder.deconv${index + 1}.weight`, [channels, 64, 4, 4]],
    [`decoder.deconv${index + 1}.bias`, [64]],
  ]),
  ['decoder.dense3.weight', [784, 12_544]],
  ['decoder.dense3.bias', [784]],
];
const noLabels = { labels: false, accuracy: false };
const quadratic = {
  initial: [Array<number>(100).fill(1)],
  dataset: 'quadratic',
  count: 100,
  epochs: 100,
  l2Reg: null,
  shapes: [['theta', [100]]],
  ...noLabels,
};
const pair = [
  ['weight', [1]],
  ['bias', [1]],
];
const function2d = { dataset: 'two_d', count: 2, epochs: 100, l2Reg: null, shapes: pair, batch: 100, ...noLabels };

const charRnn = [
  ['embedding1.weight', [83, 128]],
  ...[1, 2].flatMap((layer) => [
    [`lstm${layer}.input.weight`, [512, 128]],
    [`lstm${layer}.input.bias`, [512]],
    [`lstm${layer}.hidden.weight`, [512, 128]],
  ]),
  ['dense1.weight', [83, 128]],
  ['dense1.bias', [83]],
];
const normalised = (name: string) => [
  [`${name}.gain`, [64]],
  [`${name}.bias`, [64]],
];
const affine = (name: string, units: number, inputs: number) => [
  [`${name}.weight`, [units, inputs]],
  [`${name}.bias`, [units]],
];
const transformer = [
  ['embedding1.weight', [83, 64]],
  ['positions1.weight', [50, 64]],
  ...['block1', 'block2'].flatMap((block) => [
    ...normalised(`${block}.norm1`),
    ...['query', 'key', 'value', 'output'].flatMap((part) => affine(`${block}.attention1.${part}`, 64, 64)),
    ...normalised(`${block}.norm2`),
    ...affine(`${block}.dense1`, 256, 64),
    ...affine(`${block}.dense2`, 64, 256),
  ]),
  ...normalised('norm1'),
  ...affine('dense1', 83, 64),
];
const text = { dataset: 'tolstoi', l2Reg: null, batch: 50 };

/** Each weight's standard deviation and bound, each bias' value; samples are checked to five standard errors. */
interface Spread {
  readonly std: (shape: readonly number[]) => number;
  readonly bound: (std: number, shape: readonly number[]) => number;
  readonly bias: number;
}
const truncation = 0.8796256610342398;
const xavier = (fans: number) => Math.sqrt(2 / fans);
const glorot: Spread = {
  std: ([out = 0, into = 0, ...field]) => xavier((out + into) * sizeOf(field)),
  bound: (std, shape) => (shape.length === 2 ? Math.sqrt(3) * std : 7 * std),
  bias: 0,
};
const uniformGlorot: Spread = { ...glorot, bound: (std) => Math.sqrt(3) * std };
const constantOf = (bias: number): Spread => ({ std: () => 0, bound: () => 0, bias });
const truncatedNormalOf = (std: number, bias: number): Spread => ({
  std: () => std * truncation,
  bound: () => 2 * std,
  bias,
});

interface Row {
  readonly name: string;
  readonly dataset: string;
  readonly count: number;
  readonly epochs: number;
  readonly l2Reg: number | null;
  readonly shapes: readonly (readonly unknown[])[];
  /** Default 128. */
  readonly batch?: number;
  /** Default yes. */
  readonly labels?: boolean;
  readonly accuracy?: boolean;
  /** How its parameters start: spread of the distribution, or the numbers themselves. */
  readonly initial: Spread | readonly (readonly number[])[] | 'as a test below says';
}

const vae = { initial: uniformGlorot, count: 10_151_489, l2Reg: null, shapes: autoencoder, batch: 64, ...noLabels };

const table: readonly Row[] = [
  {
    name: 'cifar10_3c3d',
    dataset: 'cifar10',
    count: 895_210,
    epochs: 100,
    l2Reg: 0.002,
    shapes: convolutional3(10),
    initial: glorot,
  },
  {
    name: 'cifar10_3c3d_roos',
    dataset: 'cifar10',
    count: 895_210,
    epochs: 100,
    l2Reg: 0.002,
    shapes: convolutional3(10),
    initial: glorot,
  },
  {
    name: 'fmnist_2c2d',
    dataset: 'fmnist',
    count: 3_274_634,
    epochs: 100,
    l2Reg: null,
    shapes: convolutional2,
    initial: truncatedNormalOf(0.05, 0.05),
  },
  {
    name: 'fmnist_logreg',
    dataset: 'fmnist',
    count: 7_850,
    epochs: 50,
    l2Reg: null,
    shapes: regression,
    initial: constantOf(0),
  },
  {
    name: 'fmnist_mlp',
    dataset: 'fmnist',
    count: 1_336_610,
    epochs: 100,
    l2Reg: null,
    shapes: multilayer,
    initial: truncatedNormalOf(0.03, 0),
  },
  { name: 'fmnist_vae', dataset: 'fmnist', epochs: 100, ...vae },
  {
    name: 'mnist_2c2d',
    dataset: 'mnist',
    count: 3_274_634,
    epochs: 100,
    l2Reg: null,
    shapes: convolutional2,
    initial: truncatedNormalOf(0.05, 0.05),
  },
  {
    name: 'mnist_logreg',
    dataset: 'mnist',
    count: 7_850,
    epochs: 50,
    l2Reg: null,
    shapes: regression,
    initial: constantOf(0),
  },
  {
    name: 'mnist_mlp',
    dataset: 'mnist',
    count: 1_336_610,
    epochs: 100,
    l2Reg: null,
    shapes: multilayer,
    initial: truncatedNormalOf(0.03, 0),
  },
  {
    name: 'mnist_mlp_groups',
    dataset: 'mnist',
    count: 1_336_610,
    epochs: 100,
    l2Reg: null,
    shapes: multilayer,
    initial: truncatedNormalOf(0.03, 0),
  },
  ...(
    [
      ['cifar100_3c3d', 918_340, 128, 100, 0.002, convolutional3(100), glorot],
      ['svhn_3c3d', 895_210, 128, 100, 0.002, convolutional3(10), glorot],
      [
        'cifar100_allcnnc',
        1_387_108,
        256,
        350,
        5e-4,
        convolutional9,
        { ...glorot, bound: (std: number) => 7 * std, bias: 0.1 },
      ],
      ['svhn_wrn164', 2_748_890, 128, 160, 5e-4, wide(2, 10), uniformGlorot],
      ['cifar100_wrn164', 2_772_020, 128, 160, 5e-4, wide(2, 100), uniformGlorot],
      ['cifar100_wrn404', 8_972_340, 128, 160, 5e-4, wide(6, 100), uniformGlorot],
      ['cifar10_vgg16', 134_301_514, 32, 100, 5e-4, visual(visual16, 10), glorot],
      ['cifar10_vgg19', 139_611_210, 32, 100, 5e-4, visual(visual19, 10), glorot],
      ['cifar100_vgg16', 134_670_244, 32, 100, 5e-4, visual(visual16, 100), glorot],
      ['cifar100_vgg19', 139_979_940, 32, 100, 5e-4, visual(visual19, 100), glorot],
    ] as const
  ).map(([name, count, batch, epochs, l2Reg, shapes, initial]) => {
    const dataset = name.split('_')[0] ?? '';
    return { name, dataset, count, batch, epochs, l2Reg, shapes, initial };
  }),
  { name: 'mnist_vae', dataset: 'mnist', epochs: 50, ...vae },
  { name: 'quadratic_deep', ...quadratic },
  { name: 'quadratic_identity', ...quadratic },
  { name: 'quadratic_linear', ...quadratic },
  { name: 'quadratic_log', ...quadratic },
  { name: 'tolstoi_char_rnn', count: 284_499, epochs: 200, shapes: charRnn, initial: 'as a test below says', ...text },
  {
    name: 'tolstoi_transformer',
    count: 114_003,
    epochs: 50,
    shapes: transformer,
    initial: 'as a test below says',
    ...text,
  },
  { name: 'two_d_beale', initial: [[-4.5], [4.5]], ...function2d },
  { name: 'two_d_branin', initial: [[2.5], [12.5]], ...function2d },
  { name: 'two_d_rosenbrock', initial: [[-0.5], [1.5]], ...function2d },
];

test.each(table)('$name is what it is said to be', async (row) => {
  const { name, dataset, count, epochs, l2Reg, shapes, batch = 128, labels = true, accuracy: graded = true } = row;
  const problem = await loadTestProblem(name);
  expect(problem).toMatchObject({
    name,
    dataset,
    parameterCount: count,
    defaults: { batchSize: batch, numEpochs: epochs, l2Reg },
    hasAccuracy: graded,
    hasLabels: labels,
  });
  expect(problem.parameters.map(({ name: parameter, shape }) => [parameter, shape])).toEqual(shapes);
  const { parameters, accuracy, loss } = problem.build(7);
  expect(parameters.map(({ shape }) => shape)).toEqual(shapes.map(([, shape]) => shape));
  expect({ loss: loss.shape, accuracy: accuracy?.shape }).toEqual({
    loss: [],
    accuracy: problem.hasAccuracy ? [] : undefined,
  });
});

test('the table above has every test problem', () => {
  expect(table.map(({ name }) => name).toSorted()).toEqual(testProblemNames());
});

/** VGG networks have more parameters than tests should draw: what is said of their values is checked on the smaller ones. */
const MOST_DRAWN = 500_000;

describe('initial parameters', () => {
  test.each(testProblemNames().filter((name) => !/vgg|wrn404/.test(name)))(
    'of %s are the same for one seed and others for another',
    async (name) => {
      const problem = await loadTestProblem(name);
      const values = problem.initialParameters(42);
      expect(values.map(({ length }) => length)).toEqual(problem.parameters.map(({ shape }) => sizeOf(shape)));
      const again = problem.initialParameters(42);
      expect(again.map((own, index) => own.every((value, place) => value === values[index]?.[place]))).toEqual(
        values.map(() => true),
      );
      const other = problem.initialParameters(43);
      const random = values.map((own, index) => own.some((value, place) => value !== other[index]?.[place]));
      const constant = values.map((own) => own.every((value) => value === own[0]));
      expect(random).toEqual(constant.map((all) => !all));
    },
  );

  test('of different layers of one shape differ', async () => {
    const { parameters, initialParameters } = await loadTestProblem('mnist_mlp');
    const [first, second] = [0, 2].map((index) => initialParameters(1)[index]?.subarray(0, 50) ?? new Float32Array());
    expect(parameters[2]?.name).toBe('dense2.weight');
    expect(first).not.toEqual(second);
  });

  /** TensorFlow truncates its normal distributions and widens them to the same variance. */
  const truncated = (std: number, shape: readonly number[]) =>
    shape.length === 2 ? Math.sqrt(3) * std : (2 / truncation) * std;
  const spreads = table.flatMap(({ name, initial }) =>
    typeof initial === 'object' && 'std' in initial ? [{ name, ...initial }] : [],
  );
  const ofVersions = [
    ...spreads.map((row) => ({ ...row, variant: 'pytorch' as const })),
    ...spreads
      .filter(({ name }) => /_3c3d$|allcnnc|vgg/.test(name))
      .map((row) => ({ ...row, variant: 'tf' as const, bound: truncated })),
  ];

  test.each(ofVersions)('of $name, variant $variant, have the spread that DeepOBS says', async (row) => {
    const { name, variant, std, bound, bias } = row;
    const problem = (await loadTestProblem(name)).choose(variant === 'tf' ? { variant } : {});
    for (const { name: parameter, shape, initial } of problem.parameters) {
      if (sizeOf(shape) > MOST_DRAWN) continue;
      const values = initial(randomStream(42, 'parameters', parameter), shape);
      if (!parameter.endsWith('weight')) {
        const constant = parameter.endsWith('gain') ? 1 : parameter.includes('norm') ? 0 : bias;
        expect(new Set(values), parameter).toEqual(new Set([Math.fround(constant)]));
        continue;
      }
      const expected = std(shape);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
      expect(Math.abs(mean), parameter).toBeLessThanOrEqual((5 * expected) / Math.sqrt(values.length));
      expect(Math.abs(Math.sqrt(square) - expected), parameter).toBeLessThanOrEqual(
        (5 * expected) / Math.sqrt(values.length),
      );
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const limit = bound(expected, shape);
      expect(largest, parameter).toBeLessThanOrEqual(limit * (1 + 1e-6));
      if (limit < 7 * expected) expect(largest, parameter).toBeGreaterThan(0.98 * limit);
    }
  });

  test.each(spreads.map(({ name }) => name))(
    'of %s with init pytorch are uniform as PyTorch’s layers start',
    async (name) => {
      const problem = (await loadTestProblem(name)).choose({ init: 'pytorch' });
      expect(problem.init).toBe('pytorch');
      let fanIn = 0;
      for (const { name: parameter, shape, initial } of problem.parameters) {
        // torch.nn.Linear and Conv2d: U(±1/√fan-in), the bias like the weight before it.
        if (shape.length > 1) fanIn = sizeOf(shape.slice(1));
        if (sizeOf(shape) > MOST_DRAWN || parameter.includes('norm')) continue;
        const values = initial(randomStream(42, 'parameters', parameter), shape);
        const bound = 1 / Math.sqrt(fanIn);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largest, parameter).toBeLessThanOrEqual(bound * (1 + 1e-6));
        expect(largest, parameter).toBeGreaterThan((1 - 7 / values.length) * bound);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
        const error = (5 * bound) / Math.sqrt(3 * values.length);
        expect(Math.abs(mean), parameter).toBeLessThanOrEqual(error);
        expect(Math.abs(Math.sqrt(square) - bound / Math.sqrt(3)), parameter).toBeLessThanOrEqual(error);
      }
    },
  );

  const starts = table.flatMap(({ name, initial }) => (Array.isArray(initial) ? [[name, initial] as const] : []));

  /** TensorFlow's glorot_uniform; the matrices of an LSTM are one there, [input and hidden, gates]. */
  test('of tolstoi_char_rnn are uniform as TensorFlow’s, the bias of the output too', async () => {
    const problem = await loadTestProblem('tolstoi_char_rnn');
    for (const [index, values] of problem.initialParameters(42).entries()) {
      const { name = '', shape = [] } = problem.parameters[index] ?? {};
      const limit = name === 'dense1.bias' ? 0.19012 : Math.sqrt(6 / (name.startsWith('lstm') ? 256 + 512 : 128 + 83));
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const zero = name.startsWith('lstm') && shape.length === 1;
      expect(largest, name).toBeLessThanOrEqual(zero ? 0 : limit * 1.00001);
      if (!zero) expect(largest, name).toBeGreaterThan(0.97 * limit);
    }
  });

  test.each(starts)('of %s are the stated ones', async (name, start) => {
    const problem: TestProblem = await loadTestProblem(name);
    expect(problem.initialParameters(42).map((values) => [...values])).toEqual(start);
  });
});

describe('the kinds of the parameters', () => {
  test.each(testProblemNames())('of %s: kernels, matrices, the output matrix and biases', async (name) => {
    const { parameters } = await loadTestProblem(name);
    const last = parameters.findLast(({ shape }) => shape.length > 1);
    for (const parameter of parameters) {
      const named = parameter.name.match(/^(?:embedding|positions)\d|gain$/)?.[0];
      const ofShape = { 1: 'bias', 2: 'matrix', 4: 'kernel' }[parameter.shape.length];
      if (named !== undefined) {
        expect(parameter.kind, parameter.name).toBe(named === 'gain' ? 'gain' : 'embedding');
        continue;
      }
      const output = parameter === last && parameter.shape.length === 2;
      expect(parameter.kind, parameter.name).toBe(output ? 'output' : ofShape);
    }
  });
});

describe('the L2 term', () => {
  test.each(testProblemNames())('of %s has the weights and no bias', async (name) => {
    const problem = await loadTestProblem(name);
    const regularised = problem.parameters
      .filter((parameter) => parameter.regularised)
      .map((parameter) => parameter.name);
    expect(regularised).toEqual(
      problem.parameters.map((parameter) => parameter.name).filter((parameter) => parameter.endsWith('.weight')),
    );
  });

  /** ½ λ Σ 2 n / (fan in + fan out), the expected L2 term of Xavier's distributions. */
  test.each([
    ['cifar100_3c3d', 'pytorch', 1.38632],
    ['svhn_3c3d', 'pytorch', 1.26175],
    ['cifar100_allcnnc', 'pytorch', 0.30633],
    ['svhn_wrn164', 'pytorch', 0.48288],
    ['cifar100_wrn164', 'pytorch', 0.51402],
    ['cifar100_wrn404', 'pytorch', 1.41002],
    ['cifar10_vgg16', 'pytorch', 3.756],
    ['cifar100_vgg19', 'pytorch', 4.12],
    ['cifar10_vgg16', 'tf', 0.967],
    ['cifar100_vgg19', 'tf', 1.287],
  ] as const)('of %s, variant %s, is expected to be %d', async (name, variant, expected) => {
    const { parameters, defaults } = (await loadTestProblem(name)).choose({ variant });
    const squares = parameters.map(({ regularised, shape }) => {
      const [out = 1, into = 1, ...field] = shape;
      return regularised ? (2 * sizeOf(shape)) / ((out + into) * sizeOf(field)) : 0;
    });
    const term = 0.5 * (defaults.l2Reg ?? 0) * squares.reduce((sum, square) => sum + square, 0);
    expect(term).toBeCloseTo(expected, String(expected).length > 5 ? 5 : 3);
  });

  test('of cifar10_3c3d is 1.26 at the start', async () => {
    const problem = await loadTestProblem('cifar10_3c3d');
    const squares = problem
      .initialParameters(42)
      .map((values, index) => (problem.parameters[index]?.regularised ? values.reduce((sum, w) => sum + w * w, 0) : 0));
    // Σ 2 n / (fan in + fan out) over the layers: 1261.8.
    expect(0.5 * 0.002 * squares.reduce((sum, square) => sum + square, 0)).toBeCloseTo(1.2618, 2);
  });
});
