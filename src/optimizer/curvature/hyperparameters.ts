import { z } from 'zod';
import { learningRate, nonNegative, positiveInteger } from '../hyperparameters.js';
import type { Hyperparameters } from '../training.js';
import { type EstimatorName, estimatorNames, isPublished } from './estimators/registered.js';
import { observationRule, observationSchema } from './observation-rule.js';
import { restartRule, restartSchema } from './restart.js';
import { type ScalingName, scalings } from './scaling.js';
import { familySettings, type Mode } from './settings.js';

const priorFields = {
  prior_iterations: positiveInteger()
    .default(10)
    .describe('minibatches of phase 1, from which step size and noise are estimated'),
  num_observations: observationSchema(),
  weight_decay: nonNegative().default(0).describe('weight decay μ of the inner optimizer'),
  groups: z
    .enum(['problem', 'all', 'layer'])
    .default('problem')
    .describe("what shares a step size: the test problem's groups, everything, or each parameter tensor alone"),
  restart: restartSchema(),
  // Without defaults: with null the identities of runs are what they were.
  train_while_estimating: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'take steps with the estimate before while the next one is made, and with lr, if given, before the first',
    ),
  safeguard: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'no step longer than 2 over the largest curvature that products find; none from a curvature that vanishes',
    ),
  safeguard_interval: positiveInteger()
    .nullable()
    .default(null)
    .describe('with safeguard: steps between two of its products; default 10'),
};

const posteriorFields = {
  est_rank: positiveInteger().default(2).describe('rank of the preconditioner'),
  estimator: z
    .enum(estimatorNames)
    .default('thesis')
    .describe(
      'the published code number by number, the posterior of the paper, the same with the scalars of its first author, Ritz vectors of a Krylov space, or the true top eigenvectors',
    ),
  // Without defaults: with null the identities of runs are what they were.
  calibration: z
    .boolean()
    .nullable()
    .default(null)
    .describe('log how far each observation is from what the posterior before it says (z-scores)'),
  noise_products: positiveInteger()
    .min(2)
    .nullable()
    .default(null)
    .describe(
      'with estimator paper: products of one vector from whose scatter the noise is estimated; default: none, λ as published, but 10 with num_observations auto',
    ),
  warm_start: z
    .boolean()
    .nullable()
    .default(null)
    .describe('with estimator paper: the last posterior, widened, is the prior of the next estimation'),
  widening: nonNegative()
    .nullable()
    .default(null)
    .describe(
      'with warm_start: by so much the noise variance of earlier observations grows with each estimation; default 1, twice as much',
    ),
  warm_columns: positiveInteger()
    .nullable()
    .default(null)
    .describe('with warm_start: observations that are kept for the next estimation; default: num_observations'),
  rank_rule: z
    .enum(['given', 'outliers'])
    .nullable()
    .default(null)
    .describe(
      'with estimator krylov or oracle: est_rank directions (given, the default), or only those before the largest gap',
    ),
};

const scalingField = {
  scaling: z
    .enum(Object.keys(scalings) as [ScalingName, ...ScalingName[]])
    .nullable()
    .default(null)
    .describe(
      'what a singular value σ does to the gradient; default: sqrt with estimator thesis, inverse with paper and author, else shorten',
    ),
};

const updateField = {
  update_interval: positiveInteger()
    .nullable()
    .default(null)
    .describe(
      'with estimator krylov: every so many steps one product on the minibatch of the step, with which the directions go on; default: none',
    ),
};

const idleField = {
  idle_observations: z
    .boolean()
    .default(false)
    .describe('let the minibatches of the observations pass without a step, as AdaptiveSGD does'),
};

const optionalRate = {
  lr: learningRate()
    .nullable()
    .default(null)
    .describe('learning rate of the first epoch; default: the estimated step size, as in all later epochs'),
};

const fixedRate = { lr: learningRate().describe('learning rate in every epoch') };

/** One observation is the mean gradient; Ritz vectors need a product, and the complement's step size another one. */
const LEAST_OBSERVATIONS = 3;

/** The hyperparameters of a member of the family, those of the inner optimizer but `lr` among them. */
export function familySchema(mode: Mode, inner: z.ZodObject): z.ZodObject {
  const { lr: _, ...innerFields } = inner.shape as Record<string, z.ZodType>;
  const fields: Record<string, z.ZodType> = {
    ...(mode === 'tuned' ? fixedRate : optionalRate),
    ...innerFields,
    ...priorFields,
    ...(mode === 'only-adaptive' ? idleField : posteriorFields),
    ...(mode === 'preconditioned' || mode === 'tuned' ? { ...scalingField, ...updateField } : {}),
  };
  return z
    .strictObject(fields)
    .refine((values) => longEnough(mode, values as Hyperparameters), {
      path: ['restart'],
      message: 'steps:N with N at least prior_iterations + num_observations',
    })
    .refine(({ safeguard, safeguard_interval: interval }) => safeguard === true || interval == null, {
      path: ['safeguard_interval'],
      message: 'no safeguard_interval without safeguard',
    })
    .refine((values) => values.idle_observations !== true || values.train_while_estimating !== true, {
      path: ['train_while_estimating'],
      message: 'no train_while_estimating with idle_observations, which let minibatches pass without a step',
    })
    .refine(({ estimator, calibration }) => calibration !== true || isPublished(estimator as EstimatorName), {
      path: ['calibration'],
      message: 'no calibration with estimator krylov or oracle, which have no posterior',
    })
    .refine(({ estimator, noise_products: products }) => products == null || estimator === 'paper', {
      path: ['noise_products'],
      message: 'no noise_products but with estimator paper',
    })
    .refine(({ estimator, num_observations: m }) => typeof m === 'number' || estimator === 'paper', {
      path: ['num_observations'],
      message: 'a number: auto goes with estimator paper only, whose posterior has a variance',
    })
    .refine(({ estimator, restart }) => restartRule(String(restart)).kind !== 'uncertain' || estimator === 'paper', {
      path: ['restart'],
      message: 'epoch, steps:N or drift: uncertain goes with estimator paper only, whose posterior has a variance',
    })
    .refine(({ estimator, warm_start: warm }) => warm !== true || estimator === 'paper', {
      path: ['warm_start'],
      message: 'no warm_start but with estimator paper',
    })
    .refine(({ warm_start: warm, widening }) => warm === true || widening == null, {
      path: ['widening'],
      message: 'no widening without warm_start',
    })
    .refine(({ warm_start: warm, warm_columns: columns }) => warm === true || columns == null, {
      path: ['warm_columns'],
      message: 'no warm_columns without warm_start',
    })
    .refine(({ estimator, update_interval: interval }) => interval == null || estimator === 'krylov', {
      path: ['update_interval'],
      message: 'no update_interval but with estimator krylov',
    })
    .refine(({ estimator, rank_rule: rule }) => rule == null || !isPublished(estimator as EstimatorName), {
      path: ['rank_rule'],
      message: 'no rank_rule with estimator thesis, paper or author; it goes with krylov and oracle',
    })
    .refine(
      ({ estimator = 'thesis', num_observations: m }) =>
        isPublished(estimator as EstimatorName) || observationRule(m).most >= LEAST_OBSERVATIONS,
      {
        path: ['num_observations'],
        message: `at least ${LEAST_OBSERVATIONS} with estimator krylov or oracle`,
      },
    );
}

function longEnough(mode: Mode, values: Hyperparameters): boolean {
  const { restart, needed } = familySettings(mode, values);
  return restart.kind !== 'steps' || restart.count >= needed.steps;
}
