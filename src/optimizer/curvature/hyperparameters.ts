import { z } from 'zod';
import { learningRate, nonNegative, positiveInteger } from '../hyperparameters.js';
import type { Hyperparameters } from '../training.js';
import { type EstimatorName, estimatorNames, isPublished } from './estimators/registered.js';
import type { Grouping } from './layers.js';
import { type RestartRule, restartRule, restartSchema } from './restart.js';
import { SAFEGUARD_INTERVAL } from './safeguard.js';
import { type ScalingName, scalings } from './scaling.js';

/** What a member of the family does with what it has estimated. */
export type Mode = 'preconditioned' | 'adaptive' | 'only-adaptive' | 'tuned';

const priorFields = {
  prior_iterations: positiveInteger()
    .default(10)
    .describe('minibatches of phase 1, from which step size and noise are estimated'),
  num_observations: positiveInteger().default(5).describe('observations of the Hessian that its estimate is made of'),
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
      'with estimator paper: products of one vector from whose scatter the noise is estimated; default: none, λ as published',
    ),
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
    ...(mode === 'preconditioned' || mode === 'tuned' ? scalingField : {}),
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
    .refine(({ estimator, rank_rule: rule }) => rule == null || !isPublished(estimator as EstimatorName), {
      path: ['rank_rule'],
      message: 'no rank_rule with estimator thesis, paper or author; it goes with krylov and oracle',
    })
    .refine(
      ({ estimator = 'thesis', num_observations: m }) =>
        isPublished(estimator as EstimatorName) || Number(m) >= LEAST_OBSERVATIONS,
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

/** The family's hyperparameters as its phases use them. */
export interface FamilySettings {
  readonly mode: Mode;
  /** Whether phases 2 and 3 take place. */
  readonly builds: boolean;
  /** Whether the preconditioner is applied. */
  readonly applies: boolean;
  readonly priorIterations: number;
  readonly observations: number;
  readonly rank: number;
  /** Whether only the directions before the largest gap count. */
  readonly outliersOnly: boolean;
  readonly weightDecay: number;
  /** Given learning rate, or null. */
  readonly lr: number | null;
  readonly estimator: EstimatorName;
  readonly scaling: ScalingName;
  readonly grouping: Grouping;
  readonly restart: RestartRule;
  /** Steps between two products of the safeguard; null without one. */
  readonly safeguard: number | null;
  readonly idles: boolean;
  /** Minibatches that measure the noise of products; 0 where λ is that of phase 1. */
  readonly noiseProducts: number;
  /** Whether observations are compared with what was expected of them. */
  readonly calibrates: boolean;
  /** Whether steps go on, with the estimate before, while the next one is made. */
  readonly trainsMeanwhile: boolean;
  /** Minibatches of one estimation and the first step. */
  readonly needed: { readonly steps: number; readonly why: string };
}

/** Reads resolved hyperparameters. */
export function familySettings(mode: Mode, values: Hyperparameters): FamilySettings {
  const [priorIterations, observations] = [Number(values.prior_iterations), Number(values.num_observations)];
  const estimator = (values.estimator ?? 'thesis') as EstimatorName;
  const idles = values.idle_observations === true;
  const observes = mode !== 'only-adaptive' || idles;
  // The author's first column takes a minibatch of its own, and so does each product that measures the noise.
  const noiseProducts = Number(values.noise_products ?? 0);
  const further = noiseProducts + (estimator === 'author' ? 1 : 0);
  return {
    mode,
    builds: mode !== 'only-adaptive',
    applies: mode === 'preconditioned' || mode === 'tuned',
    priorIterations,
    observations,
    rank: Number(values.est_rank ?? 0),
    outliersOnly: values.rank_rule === 'outliers',
    weightDecay: Number(values.weight_decay),
    lr: typeof values.lr === 'number' ? values.lr : null,
    estimator,
    scaling: (values.scaling ?? defaultScaling(estimator)) as ScalingName,
    grouping: values.groups as Grouping,
    restart: restartRule(String(values.restart)),
    safeguard: values.safeguard === true ? Number(values.safeguard_interval ?? SAFEGUARD_INTERVAL) : null,
    idles,
    noiseProducts,
    calibrates: values.calibration === true,
    trainsMeanwhile: values.train_while_estimating === true,
    needed: observes
      ? {
          steps: priorIterations + observations + further,
          why: `prior_iterations ${priorIterations} + num_observations ${observations}${further === 0 ? '' : ` + ${further}`}`,
        }
      : { steps: priorIterations + 1, why: `prior_iterations ${priorIterations} + 1` },
  };
}

function defaultScaling(estimator: EstimatorName): ScalingName {
  if (estimator === 'thesis') return 'sqrt';
  return isPublished(estimator) ? 'inverse' : 'shorten';
}
