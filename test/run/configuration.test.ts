import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { type RunRequest, resolveConfiguration } from '../../src/run/index.js';

const minimal: RunRequest = { testproblem: 'mnist_logreg', optimizer: 'sgd', hyperparameters: { lr: 0.1 } };

describe('a configuration', () => {
  test('has every default filled in', async () => {
    const { configuration, threads, testProblem, optimizer } = await resolveConfiguration(minimal);
    expect(configuration).toEqual({
      testproblem: 'mnist_logreg',
      variant: null,
      init: 'deepobs',
      optimizer: {
        name: 'sgd',
        className: 'SGD',
        hyperparameters: { lr: 0.1 },
        integerHyperparameters: [],
        source: null,
      },
      seed: 42,
      batchSize: 128,
      numEpochs: 50,
      l2Reg: null,
      l2RegGiven: false,
      data: { source: 'real', syntheticSize: null },
      engine: { name: 'onnxruntime', device: 'cpu' },
      protocol: 'probprec',
      trainLogInterval: 10,
      lrSchedule: null,
    });
    expect(threads).toBe(availableParallelism());
    expect([testProblem.name, optimizer.name]).toEqual(['mnist_logreg', 'sgd']);
  });

  test('takes everything that is given', async () => {
    const { configuration, threads } = await resolveConfiguration({
      testproblem: 'cifar10_3c3d',
      variant: 'tf',
      init: 'pytorch',
      optimizer: 'adam',
      hyperparameters: { beta1: '0.5', epsilon: 1e-6 },
      seed: 0,
      numEpochs: 6,
      batchSize: 7,
      l2Reg: 0,
      data: 'synthetic',
      syntheticSize: 60,
      engine: 'auto',
      device: 'cpu',
      threads: 3,
      protocol: 'deepobs-beta',
      trainLogInterval: 1,
      lrSchedule: { epochs: [0, 4], factors: [0.5, 0] },
    });
    expect(configuration).toMatchObject({
      variant: 'tf',
      init: 'pytorch',
      optimizer: { className: 'Adam', hyperparameters: { lr: 0.001, beta1: 0.5, beta2: 0.999, epsilon: 1e-6 } },
      seed: 0,
      numEpochs: 6,
      batchSize: 7,
      l2Reg: 0,
      l2RegGiven: true,
      data: { source: 'synthetic', syntheticSize: 60 },
      engine: { name: 'onnxruntime', device: 'cpu' },
      protocol: 'deepobs-beta',
      trainLogInterval: 1,
      lrSchedule: { epochs: [0, 4], factors: [0.5, 0] },
    });
    expect(threads).toBe(3);
  });

  test('has the test problem’s L2 factor, not given', async () => {
    const { configuration } = await resolveConfiguration({ ...minimal, testproblem: 'cifar10_3c3d' });
    expect(configuration).toMatchObject({ l2Reg: 0.002, l2RegGiven: false });
  });

  test.each<[string, RunRequest, Partial<RunRequest>]>([
    ['the problem’s own L2 factor', { ...minimal, testproblem: 'cifar10_3c3d' }, { l2Reg: 0.002 }],
    ['no L2 term where there is none', minimal, { l2Reg: 0 }],
    ['no L2 term where there are no weights', { ...minimal, testproblem: 'quadratic_deep' }, { l2Reg: 0 }],
    ['the default version', { ...minimal, testproblem: 'cifar10_3c3d' }, { variant: 'pytorch', init: 'deepobs' }],
    ['a variant where both lines agree', minimal, { variant: 'tf' }],
    ['the only line that has it', { ...minimal, testproblem: 'two_d_beale' }, { variant: 'tf' }],
    [
      'DeepOBS’ initialisation of what has no layers',
      { ...minimal, testproblem: 'quadratic_deep' },
      { init: 'deepobs' },
    ],
    ['an empty schedule', minimal, { lrSchedule: { epochs: [], factors: [] } }],
    ['a schedule of ones', minimal, { lrSchedule: { epochs: [0, 7], factors: [1, 1] } }],
    ['a schedule after the end', { ...minimal, numEpochs: 3 }, { lrSchedule: { epochs: [3], factors: [0.1] } }],
    ['the size of the real training file', { ...minimal, data: 'synthetic' }, { syntheticSize: 60_000 }],
    ['a source of generated data', { ...minimal, testproblem: 'quadratic_deep' }, { data: 'synthetic' }],
    [
      'the default of a hyperparameter',
      { ...minimal, optimizer: 'adam' },
      { hyperparameters: { lr: 0.1, beta1: 0.9 } },
    ],
  ])('leaves no trace of %s', async (_, request, stated) => {
    const { configuration } = await resolveConfiguration({ ...request, ...stated });
    expect(configuration).toEqual((await resolveConfiguration(request)).configuration);
  });

  test('is the same for texts and for values', async () => {
    const { configuration } = await resolveConfiguration({ ...minimal, hyperparameters: { lr: '1e-1' } });
    expect(configuration).toEqual((await resolveConfiguration(minimal)).configuration);
  });
});

const lr = (value: unknown) => ({ hyperparameters: { lr: value } });
const schedule = (epochs: number[], factors: number[]) => ({ lrSchedule: { epochs, factors } });
const errors: readonly (readonly [string, Partial<Record<keyof RunRequest, unknown>>, RegExp])[] = [
  [
    'an unknown test problem',
    { testproblem: 'mnist_logrge' },
    /^testproblem mnist_logrge: not known; did you mean mnist_logreg/,
  ],
  [
    'an unknown optimizer',
    { optimizer: 'adm' },
    /^optimizer adm: not known; did you mean adam, adamw or nadam\? expected a name of probprec list optimizers, or a file such as \.\/mine\.js$/,
  ],
  ['an unknown variant', { variant: 'jax' }, /^variant: found "jax", expected one of pytorch, tf$/],
  [
    'a variant of this project’s own test problem',
    { testproblem: 'cifar10_3c3d_roos', variant: 'tf' },
    /^variant tf: cifar10_3c3d_roos has no variants; leave it out$/,
  ],
  [
    'a variant of a member of a family that DeepOBS lacks',
    { testproblem: 'quadratic_deep_d50', variant: 'pytorch' },
    /^variant pytorch: quadratic_deep_d50 has no variants; leave it out$/,
  ],
  [
    'the line of DeepOBS that lacks it',
    { testproblem: 'tolstoi_char_rnn', variant: 'pytorch' },
    /^variant pytorch: DeepOBS has tolstoi_char_rnn in its other line only; expected tf, or leave it out$/,
  ],
  ['an unknown initialisation', { init: 'zero' }, /^init: found "zero", expected one of deepobs, pytorch$/],
  [
    'PyTorch’s initialisation of what has no layers',
    { testproblem: 'quadratic_deep', init: 'pytorch' },
    /^init pytorch: quadratic_deep has no layers that PyTorch initialises; expected deepobs$/,
  ],
  ['lr "abc"', lr('abc'), /^lr: found "abc", expected a number$/],
  ['lr ""', lr(''), /^lr: found "", expected a number$/],
  ['lr "1e400"', lr('1e400'), /^lr: found "1e400", expected a number$/],
  ['lr -1', lr(-1), /^lr: found -1, expected a number ≥ 0$/],
  ['lr "-1"', lr('-1'), /^lr: found "-1", expected a number ≥ 0$/],
  ['lr NaN', lr(Number.NaN), /^lr: found NaN, expected a number$/],
  ['lr "NaN"', lr('NaN'), /^lr: found "NaN", expected a number$/],
  ['lr Infinity', lr(Number.POSITIVE_INFINITY), /^lr: found Infinity, expected a number/],
  ['lr null', lr(null), /^lr: found null, expected a number$/],
  ['no lr', { optimizer: 'momentum', hyperparameters: {} }, /^lr: missing; momentum needs it \(learning rate\)$/],
  [
    'an unknown hyperparameter',
    { hyperparameters: { lr: 1, momentun: 0.9 }, optimizer: 'momentum' },
    /^hyperparameter of momentum: momentun: not known; did you mean momentum\?/,
  ],
  [
    'a hyperparameter of another optimizer',
    { hyperparameters: { lr: 1, beta1: 0.9 } },
    /^hyperparameter of sgd: beta1: not known; expected one of lr$/,
  ],
  [
    'a momentum of 1',
    { hyperparameters: { lr: 1, momentum: 1 }, optimizer: 'momentum' },
    /^momentum: found 1, expected a number < 1$/,
  ],
  [
    'an epsilon of 0',
    { hyperparameters: { epsilon: 0 }, optimizer: 'adam' },
    /^epsilon: found 0, expected a number > 0$/,
  ],
  ['batch size 0', { batchSize: 0 }, /^batchSize: found 0, expected a whole number ≥ 1$/],
  ['batch size 1.5', { batchSize: 1.5 }, /^batchSize: found 1.5, expected a whole number$/],
  ['batch size NaN', { batchSize: Number.NaN }, /^batchSize: found NaN, expected a (whole )?number$/],
  [
    'a batch larger than the data',
    { batchSize: 50_001 },
    /^batchSize: found 50001, expected at most 50000, the training examples of mnist$/,
  ],
  [
    'a batch larger than the synthetic data',
    { batchSize: 601, data: 'synthetic', syntheticSize: 600 },
    /^batchSize: found 601, expected at most 500/,
  ],
  ['a negative number of epochs', { numEpochs: -1 }, /^numEpochs: found -1, expected a whole number ≥ 0$/],
  ['a negative seed', { seed: -1 }, /^seed: found -1, expected a whole number ≥ 0$/],
  ['a seed of 33 bits', { seed: 2 ** 32 }, /^seed: found 4294967296, expected a whole number ≤ 4294967295$/],
  ['a negative L2 factor', { l2Reg: -0.1 }, /^l2Reg: found -0.1, expected a number ≥ 0$/],
  [
    'an L2 factor where there are no weights',
    { l2Reg: 0.1, testproblem: 'quadratic_deep' },
    /^l2Reg 0.1: quadratic_deep has no weights to regularise$/,
  ],
  ['an unknown source of data', { data: 'fake' }, /^data: found "fake", expected one of real, synthetic$/],
  ['a synthetic size of real data', { syntheticSize: 600 }, /^syntheticSize 600: goes with data synthetic only$/],
  [
    'an unknown engine',
    { engine: 'torch' },
    /^engine torch: not known; expected one of auto, onnxruntime, .*tfjs-cpu$/,
  ],
  ['an unknown device', { device: 'tpu' }, /^device tpu: not known;.* expected one of cpu, webgpu, cuda, gpu$/],
  [
    'far more threads than cores',
    { threads: 100_000 },
    /^threads: found 100000, expected a whole number from 1 to \d+; this process may use \d+ cores?$/,
  ],
  ['more threads than a number of 32 bits can say', { threads: 2 ** 31 }, /^threads: found 2147483648, expected/],
  ['no threads', { threads: 0 }, /^threads: found 0, expected a whole number ≥ 1$/],
  [
    'an unknown protocol',
    { protocol: 'deepobs' },
    /^protocol: found "deepobs", expected one of probprec, deepobs-beta$/,
  ],
  ['a log interval of 0', { trainLogInterval: 0 }, /^trainLogInterval: found 0, expected a whole number ≥ 1$/],
  [
    'schedule epochs that do not ascend',
    schedule([3, 3], [1, 1]),
    /^lrSchedule.epochs: found 3,3, expected ascending whole numbers$/,
  ],
  ['schedule epochs that are no whole numbers', schedule([1.5], [1]), /^lrSchedule.epochs: found 1.5, expected/],
  ['negative schedule epochs', schedule([-1], [1]), /^lrSchedule.epochs: found -1, expected/],
  ['factors without epochs', schedule([], [0.1]), /^lrSchedule.epochs: found .*, expected/],
  [
    'too few schedule factors',
    schedule([1, 2], [0.1]),
    /^lrSchedule.factors: found 0.1, expected 2 numbers ≥ 0, one for each epoch$/,
  ],
  ['a negative schedule factor', schedule([1], [-0.1]), /^lrSchedule.factors: found -0.1, expected 1 numbers? ≥ 0/],
  ['a schedule factor NaN', schedule([1], [Number.NaN]), /^lrSchedule.factors: found NaN, expected/],
];

test.each(errors)('%s is one line that names option, found and expected', async (_, changes, message) => {
  const error = await resolveConfiguration({ ...minimal, ...changes } as RunRequest).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});
