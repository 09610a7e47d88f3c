import type { Variant } from '../testproblem/index.js';
import {
  constant,
  type InitialRule,
  truncatedNormal,
  truncatedXavier,
  uniformWithin,
  xavierNormal,
  xavierUniform,
} from './initial-rule.js';
import type { InitialRules } from './initial-values.js';

/** Examples for training, validation and testing; null where there is no such part. */
export type Parts = readonly [train: number, valid: number | null, test: number];

/** What one of DeepOBS' two lines has, as its sources state it or its published runs show it. */
export interface StatedLine {
  readonly parameters: number;
  readonly parts: Parts;
  /** Training steps in an epoch; null where the line sets no batch size. */
  readonly steps: number | null;
  /** Expected L2 term before training, computed by hand from its layers, with the digits that are known; null without one. */
  readonly l2Term: string | null;
  readonly initial: InitialRules;
}

/** A test problem as DeepOBS has it. */
export interface StatedProblem {
  readonly name: string;
  /** null where DeepOBS sets none. */
  readonly batchSize: number | null;
  readonly numEpochs: number | null;
  readonly l2Reg: number | null;
  readonly lines: Partial<Readonly<Record<Variant, StatedLine>>>;
  /** Test loss before training where a formula gives it; absent where it depends on what is drawn. */
  readonly lossByFormula?: { readonly formula: string; readonly value: number };
}

/** Which rule a parameter has: by what it is in, biases apart. */
function rules(convolution: InitialRule, dense: InitialRule, bias: InitialRule = constant(0)): InitialRules {
  return ({ kind }) => {
    if (kind === 'gain') return constant(1);
    if (kind === 'bias') return bias;
    return kind === 'kernel' ? convolution : dense;
  };
}
const everywhere = (rule: InitialRule, bias?: InitialRule) => rules(rule, rule, bias);

/** LSTM matrices are one matrix [input and hidden, gates] in TensorFlow; the last bias is a vector [83], [83, 83] to Glorot. */
const charRnn: InitialRules = ({ name, kind }) => {
  if (name === 'dense1.bias') return uniformWithin(Math.sqrt(6 / 166), '√(6/166)');
  if (kind === 'bias') return constant(0);
  return name.startsWith('lstm') ? uniformWithin(Math.sqrt(6 / 768), '√(6/768)') : xavierUniform;
};

const idx = { pytorch: [50_000, 10_000, 10_000], tf: [60_000, null, 10_000] } as const;
const cifar = { pytorch: [40_000, 10_000, 10_000], tf: [50_000, null, 10_000] } as const;
const house = { pytorch: [47_225, 26_032, 26_032], tf: [64_000, null, 26_032] } as const;

/** A network that both lines have alike on MNIST or Fashion-MNIST. */
function idxProblem(
  name: string,
  parameters: number,
  initial: InitialRules,
  { batchSize = 128, numEpochs = 100 } = {},
): StatedProblem {
  const line = (parts: Parts): StatedLine => {
    return { parameters, parts, steps: Math.floor(parts[0] / batchSize), l2Term: null, initial };
  };
  return {
    ...{ name, batchSize, numEpochs, l2Reg: null },
    lines: { pytorch: line(idx.pytorch), tf: line(idx.tf) },
  };
}

function imageProblem(
  name: string,
  settings: Pick<StatedProblem, 'batchSize' | 'numEpochs' | 'l2Reg'>,
  { parts, ...facts }: { parts: Readonly<Record<Variant, Parts>>; parameters: number; steps?: Record<Variant, number> },
  lines: Readonly<Record<Variant, { readonly l2Term: string; readonly initial: InitialRules }>>,
): StatedProblem {
  const line = (variant: Variant): StatedLine => ({
    ...{ parameters: facts.parameters, parts: parts[variant], steps: facts.steps?.[variant] ?? null },
    ...lines[variant],
  });
  return { name, ...settings, lines: { pytorch: line('pytorch'), tf: line('tf') } };
}

function cnn3c3d(
  name: string,
  facts: Parameters<typeof imageProblem>[2],
  l2Term: string,
  sets = { batchSize: 128 as number | null, numEpochs: 100 as number | null },
): StatedProblem {
  return imageProblem(name, { ...sets, l2Reg: 0.002 }, facts, {
    pytorch: { l2Term, initial: rules(xavierNormal, xavierUniform) },
    tf: { l2Term, initial: rules(truncatedXavier, xavierUniform) },
  });
}

function wideResNet(name: string, facts: Parameters<typeof imageProblem>[2], l2Term: string): StatedProblem {
  const line = { l2Term, initial: everywhere(xavierUniform) };
  return imageProblem(name, { batchSize: 128, numEpochs: 160, l2Reg: 5e-4 }, facts, { pytorch: line, tf: line });
}

function vgg(name: string, facts: Parameters<typeof imageProblem>[2], l2Terms: Record<Variant, string>): StatedProblem {
  return imageProblem(name, { batchSize: null, numEpochs: null, l2Reg: 5e-4 }, facts, {
    pytorch: { l2Term: l2Terms.pytorch, initial: rules(xavierNormal, xavierUniform) },
    tf: { l2Term: l2Terms.tf, initial: rules(truncatedXavier, xavierUniform) },
  });
}

function generated(
  name: string,
  facts: { parameters: number; steps: number | null; initial: InitialRules },
  parts: Partial<Readonly<Record<Variant, Parts>>>,
): StatedProblem {
  const sets = facts.steps === null ? null : { batchSize: 128, numEpochs: 100 };
  return {
    ...{ name, batchSize: sets?.batchSize ?? null, numEpochs: sets?.numEpochs ?? null, l2Reg: null },
    lines: Object.fromEntries(
      Object.entries(parts).map(([variant, own]) => [variant, { ...facts, parts: own, l2Term: null }]),
    ),
  };
}

const cut = (sigma: number, bias = 0) => everywhere(truncatedNormal(sigma), constant(bias));
const zero = everywhere(constant(0));
const vae = { batchSize: 64, numEpochs: 50 };
const cifarSteps = { pytorch: 312, tf: 390 };
const houseSteps = { pytorch: 368, tf: 500 };

/**
 * DeepOBS' test problems: what its PyTorch sources (1.2.0-beta, later develop) and its TensorFlow sources (1.1) state, the
 * steps of TensorFlow as its published runs have them.
 */
export const STATED: readonly StatedProblem[] = [
  ...['mnist', 'fmnist'].flatMap((dataset) => [
    {
      ...idxProblem(`${dataset}_logreg`, 7850, zero, { numEpochs: 50 }),
      lossByFormula: { formula: 'ln 10', value: Math.LN10 },
    },
    idxProblem(`${dataset}_mlp`, 1_336_610, cut(0.03)),
    idxProblem(`${dataset}_2c2d`, 3_274_634, cut(0.05, 0.05)),
  ]),
  idxProblem('mnist_vae', 10_151_489, everywhere(xavierUniform), vae),
  idxProblem('fmnist_vae', 10_151_489, everywhere(xavierUniform), { ...vae, numEpochs: 100 }),
  cnn3c3d('cifar10_3c3d', { parameters: 895_210, parts: cifar, steps: cifarSteps }, '1.26175'),
  vgg('cifar10_vgg16', { parameters: 134_301_514, parts: cifar }, { pytorch: '3.756', tf: '0.967' }),
  vgg('cifar10_vgg19', { parameters: 139_611_210, parts: cifar }, { pytorch: '4.076', tf: '1.287' }),
  cnn3c3d('cifar100_3c3d', { parameters: 918_340, parts: cifar }, '1.38632', { batchSize: null, numEpochs: null }),
  imageProblem(
    'cifar100_allcnnc',
    { batchSize: 256, numEpochs: 350, l2Reg: 5e-4 },
    { parameters: 1_387_108, parts: cifar, steps: { pytorch: 156, tf: 195 } },
    {
      pytorch: { l2Term: '0.30633', initial: everywhere(xavierNormal, constant(0.1)) },
      tf: { l2Term: '0.30633', initial: everywhere(truncatedXavier, constant(0.1)) },
    },
  ),
  wideResNet('cifar100_wrn164', { parameters: 2_772_020, parts: cifar, steps: cifarSteps }, '0.51402'),
  wideResNet('cifar100_wrn404', { parameters: 8_972_340, parts: cifar, steps: cifarSteps }, '1.41002'),
  vgg('cifar100_vgg16', { parameters: 134_670_244, parts: cifar }, { pytorch: '3.800', tf: '0.967' }),
  vgg('cifar100_vgg19', { parameters: 139_979_940, parts: cifar }, { pytorch: '4.120', tf: '1.287' }),
  cnn3c3d('svhn_3c3d', { parameters: 895_210, parts: house, steps: houseSteps }, '1.26175'),
  wideResNet('svhn_wrn164', { parameters: 2_748_890, parts: house, steps: houseSteps }, '0.48288'),
  {
    ...{ name: 'tolstoi_char_rnn', batchSize: 50, numEpochs: 200, l2Reg: null },
    lines: {
      tf: {
        ...{ parameters: 284_499, parts: [52_258, null, 13_064], steps: 1045, l2Term: null, initial: charRnn },
      },
    },
  },
  generated(
    'quadratic_deep',
    { parameters: 100, steps: 7, initial: everywhere(constant(1), constant(1)) },
    { pytorch: [1000, 1000, 1000], tf: [1000, null, 1000] },
  ),
  ...[
    { name: 'two_d_rosenbrock', start: [-0.5, 1.5] as const, value: 158.5 },
    { name: 'two_d_beale', start: [-4.5, 4.5] as const, value: 169_680.832 },
    { name: 'two_d_branin', start: [2.5, 12.5] as const, value: 95.84466837 },
  ].map(({ name, start: [u, v], value }) => ({
    ...generated(
      name,
      { parameters: 2, steps: null, initial: ({ name: own }) => constant(own === 'weight' ? u : v) },
      { tf: [10_000, 10_000, 10_000] },
    ),
    lossByFormula: { formula: `f(${u}, ${v})`, value },
  })),
];
