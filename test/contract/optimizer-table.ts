import type { Given, OptimizerRow } from './optimizer-row.js';

const commonErrors: readonly Given[] = [{ lr: -1 }, { lr: 'fast' }, { nonsense: 1 }];

function firstOrder(name: string, lr: number, refused: readonly Given[] = []): OptimizerRow {
  return {
    name,
    lrFactor: 1,
    quadratic: { lr },
    rosenbrock: { lr },
    logisticRegression: { lr: 5 * lr },
    independentOfEpochs: [{ lr }],
    refused: [...commonErrors, ...refused],
  };
}

const familyErrors: readonly Given[] = [
  { prior_iterations: 0 },
  { num_observations: 0 },
  { weight_decay: -0.1 },
  { groups: 'none' },
  { restart: 'never' },
  { restart: 'steps:0' },
  { restart: 'steps:3' },
  { num_observations: 'auto:1' },
];

const short = { prior_iterations: 4, num_observations: 3 };
const restarts: readonly Given[] = [
  { restart: 'steps:13' },
  { restart: 'steps:20', groups: 'layer' },
  { restart: 'drift' },
];

function family(
  name: string,
  {
    lrFactor = 0.25,
    always = {},
    rosenbrock = {},
    logistic = {},
    variants = [],
    refused = [],
  }: {
    lrFactor?: number;
    always?: Given;
    rosenbrock?: Given;
    logistic?: Given;
    variants?: readonly Given[];
    refused?: readonly Given[];
  },
): OptimizerRow {
  const base = { ...short, ...always };
  return {
    name,
    lrFactor,
    quadratic: base,
    rosenbrock: { ...base, ...rosenbrock },
    logisticRegression: { ...base, ...logistic },
    independentOfEpochs: [...restarts, ...variants].map((extra) => ({ restart: 'steps:13', ...base, ...extra })),
    refused: [...commonErrors, ...familyErrors, ...refused].map((extra) => ({ ...base, ...extra })),
  };
}

const paperOnly: readonly Given[] = [
  { noise_products: 2 },
  { num_observations: 'auto' },
  { restart: 'uncertain' },
  { warm_start: true },
];
const estimatorErrors: readonly Given[] = [
  { est_rank: 0 },
  { estimator: 'bayes' },
  ...paperOnly,
  ...paperOnly.map((given) => ({ ...given, estimator: 'author' })),
  { estimator: 'krylov', calibration: true },
  { estimator: 'paper', noise_products: 1 },
  { estimator: 'paper', restart: 'uncertain:0' },
  { estimator: 'paper', widening: 1 },
  { estimator: 'paper', warm_start: true, widening: -1 },
  { estimator: 'paper', warm_columns: 1 },
  { estimator: 'paper', warm_start: true, warm_columns: 0 },
];
const preconditionerErrors: readonly Given[] = [
  ...estimatorErrors,
  { scaling: 'cubic' },
  { update_interval: 2 },
  { estimator: 'krylov', update_interval: 0 },
];
const paper = { estimator: 'paper', scaling: 'relative' };
const posteriors: readonly Given[] = [
  { estimator: 'author', scaling: 'relative', calibration: true },
  { ...paper, noise_products: 2, calibration: true },
  { ...paper, num_observations: 'auto:4', noise_products: 2 },
  { ...paper, warm_start: true, widening: 0.5, warm_columns: 2 },
  { ...paper, restart: 'uncertain:1' },
];

/** One row for every registered optimizer. */
export const optimizerTable: readonly OptimizerRow[] = [
  firstOrder('sgd', 0.01, [{ lr: -1 }]),
  firstOrder('momentum', 0.002, [{}, { lr: 0.1, momentum: 1 }]),
  firstOrder('nesterov', 0.002, [{}, { lr: 0.1, momentum: -0.1 }]),
  firstOrder('adam', 0.02, [{ beta1: 1 }, { beta2: 1.5 }, { epsilon: 0 }]),
  family('preconditioned-sgd', {
    variants: [
      paper,
      { weight_decay: 0.1 },
      { estimator: 'krylov' },
      { estimator: 'krylov', update_interval: 2 },
      { estimator: 'oracle' },
      { train_while_estimating: true },
      ...posteriors,
    ],
    refused: preconditionerErrors,
  }),
  family('adaptive-sgd', {
    variants: [{ estimator: 'paper' }, { estimator: 'paper', warm_start: true, restart: 'uncertain' }],
    refused: [...estimatorErrors, { scaling: 'sqrt' }],
  }),
  family('only-adaptive-sgd', {
    variants: [{ idle_observations: true }],
    refused: [{ est_rank: 2 }, { idle_observations: 'perhaps' }],
  }),
  family('preconditioned-tuned-sgd', {
    lrFactor: 1,
    always: { lr: 0.005 },
    rosenbrock: { lr: 0.02 },
    logistic: { lr: 0.05 },
    refused: [...preconditionerErrors, { lr: null }],
  }),
  family('preconditioned-tuned-momentum', {
    lrFactor: 1,
    always: { lr: 0.001 },
    rosenbrock: { lr: 0.004 },
    logistic: { lr: 0.01 },
    refused: [...preconditionerErrors, { lr: null }, { momentum: 1 }],
  }),
  family('preconditioned-momentum', { refused: [...preconditionerErrors, { momentum: 1 }] }),
  family('preconditioned-adam', { refused: [...preconditionerErrors, { beta1: 1 }] }),
  family('adaptive-momentum', { refused: [...estimatorErrors, { momentum: 1 }] }),
  family('adaptive-adam', { refused: [...estimatorErrors, { beta2: 1 }] }),
];
