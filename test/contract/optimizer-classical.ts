import type { Given, OptimizerRow } from './optimizer-row.js';

/** A row; `rosenbrock` and the logistic regression differ where another learning rate suits them. */
function row(
  name: string,
  quadratic: Given,
  {
    rosenbrock = quadratic,
    logistic = quadratic,
    variants = [],
    refused = [],
  }: {
    readonly rosenbrock?: Given;
    readonly logistic?: Given;
    /** Settings beside the defaults. */
    readonly variants?: readonly Given[];
    readonly refused?: readonly Given[];
  } = {},
): OptimizerRow {
  return {
    name,
    lrFactor: 1,
    quadratic,
    rosenbrock,
    logisticRegression: logistic,
    independentOfEpochs: [logistic, ...variants.map((given) => ({ ...logistic, ...given }))],
    refused: [{ lr: -1 }, { lr: 'fast' }, { lr: 0.1, nonsense: 1 }, ...refused],
  };
}

const moments: readonly Given[] = [{ beta1: 1 }, { beta2: 1.5 }, { epsilon: 0 }];
const decay: readonly Given[] = [{ weight_decay: -0.1 }];

/** One row for every optimizer of the classical field besides sgd, momentum, nesterov and adam. */
export const classicalRows: readonly OptimizerRow[] = [
  row(
    'adamw',
    { lr: 0.02 },
    { logistic: { lr: 0.1 }, variants: [{ weight_decay: 0 }], refused: [...moments, ...decay] },
  ),
  row(
    'amsgrad',
    { lr: 0.02 },
    {
      logistic: { lr: 0.1 },
      variants: [{ corrected_maximum: true, beta2: 0.5 }],
      refused: [...moments, { corrected_maximum: 'perhaps' }],
    },
  ),
  row(
    'nadam',
    { lr: 0.02 },
    {
      logistic: { lr: 0.1 },
      variants: [{ momentum_schedule: false }, { momentum_decay: 1 }],
      refused: [...moments, { momentum_schedule: 'never' }, { momentum_decay: -1 }],
    },
  ),
  row('radam', { lr: 0.02 }, { logistic: { lr: 0.1 }, variants: [{ beta2: 0.9 }], refused: moments }),
  row(
    'rmsprop',
    { lr: 0.005 },
    {
      rosenbrock: { lr: 0.01 },
      logistic: { lr: 0.02 },
      variants: [{ centered: true }, { momentum: 0.9, lr: 0.002 }, { epsilon_inside: true, alpha: 0.9 }],
      refused: [{ alpha: 1 }, { momentum: 1 }, { centered: 'perhaps' }, { epsilon: 0 }],
    },
  ),
  row(
    'adagrad',
    { lr: 0.1 },
    {
      rosenbrock: { lr: 0.3 },
      logistic: { lr: 0.3 },
      variants: [{ initial_sum: 0.1, epsilon: 1e-7, epsilon_inside: true }],
      refused: [{ initial_sum: -1 }, { epsilon: 0 }],
    },
  ),
  row('adadelta', { lr: 5 }, { rosenbrock: { lr: 10 }, logistic: { lr: 10 }, refused: [{ rho: 1 }, { epsilon: 0 }] }),
  row('adamax', { lr: 0.02 }, { rosenbrock: { lr: 0.05 }, logistic: { lr: 0.1 }, refused: moments }),
  row('adabelief', { lr: 0.01 }, { rosenbrock: { lr: 0.02 }, logistic: { lr: 0.05 }, refused: moments }),
  // Steps are of equal length: it has to be there early, and the momentum of a hundred steps first carries it beyond.
  row(
    'lion',
    { lr: 0.02 },
    {
      rosenbrock: { lr: 0.005 },
      logistic: { lr: 0.02 },
      variants: [{ weight_decay: 0 }, { beta2: 0 }],
      refused: [{ beta1: 1 }, { beta2: 1.5 }, ...decay],
    },
  ),
  row(
    'lamb',
    { lr: 0.02 },
    {
      logistic: { lr: 0.05 },
      variants: [{ weight_decay: 0.1 }],
      refused: [...moments, ...decay],
    },
  ),
  row(
    'lars',
    { lr: 1, trust_coefficient: 0.002 },
    {
      rosenbrock: { lr: 2, trust_coefficient: 0.001 },
      logistic: { lr: 10 },
      variants: [{ vectors: 'adapted' }, { weight_decay: 0 }],
      refused: [{}, { lr: 1, momentum: 1 }, { lr: 1, trust_coefficient: 0 }, { lr: 1, vectors: 'none' }],
    },
  ),
];
