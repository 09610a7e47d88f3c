import type { Given, OptimizerRow } from './optimizer-row.js';

/** A row; what is not stated is as on the quadratic. */
function row(
  name: string,
  quadratic: Given,
  more: Partial<Omit<OptimizerRow, 'name' | 'quadratic'>> & { readonly refused: readonly Given[] },
): OptimizerRow {
  return {
    name,
    lrFactor: 1,
    quadratic,
    rosenbrock: quadratic,
    logisticRegression: quadratic,
    independentOfEpochs: [more.logisticRegression ?? quadratic],
    ...more,
    refused: [{ nonsense: 1 }, ...more.refused],
  };
}

const rates: readonly Given[] = [{ lr: -1 }, { lr: 'fast' }];
const moments: readonly Given[] = [{ beta1: 1 }, { beta2: 1.5 }, { epsilon: 0 }];

/** Optimizers whose step size needs no tuning, or little. */
const tuningFree: readonly OptimizerRow[] = [
  row(
    'sps',
    {},
    {
      negativeCurvature: { f_star: -1000, smooth: false, eta_max: 0.01 },
      independentOfEpochs: [{}, { smooth: false, f_star: 0.1 }],
      refused: [{ lr: 0.1 }, { c: 0 }, { eta_max: -1 }, { gamma: 0.5 }, { smooth: 'perhaps' }],
    },
  ),
  row(
    'ali-g',
    {},
    {
      staysBelowBound: true,
      independentOfEpochs: [{}, { momentum: 0 }, { max_norm: 0.5 }],
      refused: [{ max_lr: -1 }, { momentum: 1 }, { delta: 0 }, { max_norm: 0 }],
    },
  ),
  row(
    'l4-momentum',
    {},
    {
      logisticRegression: { alpha: 0.05 },
      staysBelowBound: true,
      refused: [{ alpha: 0 }, { gamma: 1 }, { tau: 0 }, { beta1: 1 }],
    },
  ),
  row('l4-adam', {}, { staysBelowBound: true, refused: [{ alpha: 0 }, { gamma0: -1 }, ...moments] }),
  row(
    'momo',
    {},
    {
      negativeCurvature: { f_star: -1000, lr: 0.001 },
      independentOfEpochs: [{}, { weight_decay: 0.1 }],
      refused: [...rates, { beta: 1 }, { weight_decay: -1 }],
    },
  ),
  row(
    'momo-adam',
    {},
    {
      negativeCurvature: { f_star: -1000 },
      independentOfEpochs: [{}, { weight_decay: 0.1 }],
      refused: [...rates, ...moments, { weight_decay: -1 }],
    },
  ),
  row(
    'dog',
    { reps_rel: 1e-3 },
    {
      independentOfEpochs: [{}, { averaging: false }],
      refused: [{ lr: 1 }, { reps_rel: 0 }, { epsilon: 0 }, { averaging: 2 }],
    },
  ),
  row('l-dog', { reps_rel: 1e-3 }, { refused: [{ lr: 1 }, { reps_rel: 0 }, { epsilon: 0 }] }),
  row(
    'd-adapt-sgd',
    {},
    {
      rosenbrock: { lr: 0.1, momentum: 0.9 },
      negativeCurvature: { lr: 0.01 },
      refused: [...rates, { momentum: 1 }, { d0: 0 }],
    },
  ),
  row(
    'd-adapt-adam',
    {},
    {
      independentOfEpochs: [{}, { weight_decay: 0.1 }],
      refused: [...rates, ...moments, { d0: 0 }, { weight_decay: -1 }],
    },
  ),
  row(
    'prodigy',
    {},
    {
      independentOfEpochs: [{}, { weight_decay: 0.1, bias_correction: true, safeguard_warmup: true, beta3: 0.99 }],
      refused: [...rates, ...moments, { d0: 0 }, { d_coef: 0 }, { beta3: 1 }],
    },
  ),
];

/** Schedule-free methods and preconditioners by matrices for each layer. */
const headlines: readonly OptimizerRow[] = [
  row(
    'schedule-free-sgd',
    { lr: 0.01 },
    {
      logisticRegression: { lr: 0.1 },
      independentOfEpochs: [{ lr: 0.1 }, { lr: 0.1, warmup_steps: 7, r: 1, weight_decay: 0.01 }],
      refused: [...rates, { beta: 2 }, { warmup_steps: 0.5 }, { r: -1 }],
    },
  ),
  row(
    'schedule-free-adamw',
    { lr: 0.02 },
    {
      logisticRegression: { lr: 0.1 },
      independentOfEpochs: [{}, { warmup_steps: 7, r: 1, weight_decay: 0.01 }],
      refused: [...rates, { beta1: 2 }, { beta2: 1 }, { epsilon: 0 }, { weight_decay: -1 }],
    },
  ),
];

/** Preconditioners by matrices for each layer. */
const layers: readonly OptimizerRow[] = [
  row(
    'muon',
    { lr: 0.02, adam_ratio: 1 },
    {
      logisticRegression: { lr: 0.1, adam_ratio: 1 },
      independentOfEpochs: [{}, { nesterov: false, iterations: 3, weight_decay: 0.1 }],
      refused: [...rates, { momentum: 1 }, { iterations: 0 }, { adam_ratio: -1 }, { beta1: 1 }],
    },
  ),
  row(
    'shampoo',
    { lr: 0.02, interval: 4 },
    {
      logisticRegression: { lr: 0.1, interval: 4 },
      independentOfEpochs: [
        { lr: 0.1, interval: 7, block_size: 2 },
        { beta1: 0, beta2: 1, epsilon: 1e-4, grafting: 'none', interval: 1 },
        { grafting: 'sgd', interval: 2, weight_decay: 0.1 },
      ],
      refused: [
        ...rates,
        { beta1: 1 },
        { beta2: 1.5 },
        { epsilon: 0 },
        { grafting: 'lamb' },
        { block_size: 0 },
        { interval: 0 },
      ],
    },
  ),
  row(
    'soap',
    { lr: 0.02, weight_decay: 0 },
    {
      logisticRegression: { lr: 0.1 },
      independentOfEpochs: [{ interval: 3 }, { max_dim: 2 }],
      refused: [...rates, ...moments, { interval: 0 }, { max_dim: 0 }],
    },
  ),
];

/** Optimizers that use exact products with the Hessian. */
const products: readonly OptimizerRow[] = [
  row(
    'adahessian',
    { lr: 0.15 },
    {
      independentOfEpochs: [{}, { hessian_power: 0.5, weight_decay: 0.1 }],
      refused: [...rates, ...moments, { hessian_power: 0 }, { hessian_power: 2 }],
    },
  ),
  row(
    'sophia-h',
    { lr: 0.02, weight_decay: 0 },
    {
      logisticRegression: { lr: 0.1 },
      independentOfEpochs: [{ interval: 3 }, { form: 'optax' }],
      refused: [...rates, ...moments, { gamma: 0 }, { interval: 0 }, { form: 'keras' }],
    },
  ),
  row(
    'psgd-lra',
    { lr: 0.1, rank: 2 },
    {
      independentOfEpochs: [{ rank: 2 }, { rank: 3, momentum: 0.9, max_norm: 1 }],
      refused: [
        ...rates,
        { rank: 0 },
        { lr_preconditioner: 0 },
        { damping: -1 },
        { max_norm: 0 },
        { probe: 'uniform' },
      ],
    },
  ),
  row('newton-cg', {}, { refused: [{ lr: 1 }, { iterations: 0 }, { damping: -1 }, { tolerance: -1 }] }),
  row(
    'hessian-free',
    { iterations: 20 },
    {
      independentOfEpochs: [
        { iterations: 20 },
        { adaptive_damping: false, backtracking: false, warm_start: 0, iterations: 5 },
      ],
      refused: [...rates, { iterations: 0 }, { damping: -1 }, { warm_start: 1 }],
    },
  ),
  row(
    'saddle-free-newton',
    { dimension: 5 },
    {
      independentOfEpochs: [{ dimension: 5 }, { dimension: 3, damping: 1 }],
      refused: [...rates, { dimension: 0 }, { damping: 0 }],
    },
  ),
];

/** Rivals that are wrappers. */
export const wrappedRows: readonly OptimizerRow[] = [
  row('sam(adam)', { lr: 0.02 }, { logisticRegression: { lr: 0.1 }, refused: [...rates, { sam_rho: -1 }] }),
  row(
    'asam(sgd)',
    { lr: 0.01, asam_rho: 0.05 },
    { logisticRegression: { lr: 0.05 }, refused: [...rates, { asam_rho: -1 }] },
  ),
  row(
    'mechanic(sgd)',
    { lr: 0.01 },
    {
      negativeCurvature: { lr: 0.0001 },
      refused: [...rates, { mechanic_s_init: 0 }, { mechanic_decay: -1 }, { mechanic_epsilon: 0 }],
    },
  ),
];

/** One row for every rival of this project's own optimizers. */
export const rivalRows: readonly OptimizerRow[] = [...tuningFree, ...headlines, ...layers, ...products];
