import type { Hyperparameters } from '../training.js';
import { type EstimatorName, isPublished } from './estimators/registered.js';
import type { Grouping } from './layers.js';
import { observationRule, observationSchema } from './observation-rule.js';
import { type RestartRule, restartRule } from './restart.js';
import { SAFEGUARD_INTERVAL } from './safeguard.js';
import type { ScalingName } from './scaling.js';

/** What a member of the family does with what it has estimated. */
export type Mode = 'preconditioned' | 'adaptive' | 'only-adaptive' | 'tuned';

/** How an estimation goes on from the one before. */
export interface WarmStart {
  /** Observations that are kept, the newest ones. */
  readonly columns: number;
  /** ω: the noise variance of each of them is multiplied by 1 + ω with every estimation. */
  readonly widening: number;
}

/** ω: what an estimation ago was seen counts half. */
const WIDENING = 1;

/** Products that measure the noise where the number of observations depends on it. */
const NOISE_PRODUCTS = 10;

/** The family's hyperparameters as its phases use them. */
export interface FamilySettings {
  readonly mode: Mode;
  /** Whether phases 2 and 3 take place. */
  readonly builds: boolean;
  /** Whether the preconditioner is applied. */
  readonly applies: boolean;
  readonly priorIterations: number;
  /** m, or where that depends on the noise, the most that it can be. */
  readonly observations: number;
  /** Whether it depends on the noise. */
  readonly auto: boolean;
  /** Null where nothing is left of an earlier estimation. */
  readonly warm: WarmStart | null;
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
  /** Steps between two products that keep the directions up to date; null where they stay as estimated. */
  readonly updateInterval: number | null;
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
  const priorIterations = Number(values.prior_iterations);
  const { most: observations, auto } = observationRule(values.num_observations);
  const estimator = (values.estimator ?? 'thesis') as EstimatorName;
  const idles = values.idle_observations === true;
  const observes = mode !== 'only-adaptive' || idles;
  // The author's first column takes a minibatch of its own, and so does each product that measures the noise.
  const noiseProducts = Number(values.noise_products ?? (auto ? NOISE_PRODUCTS : 0));
  const further = noiseProducts + (estimator === 'author' ? 1 : 0);
  return {
    mode,
    builds: mode !== 'only-adaptive',
    applies: mode === 'preconditioned' || mode === 'tuned',
    priorIterations,
    observations,
    auto,
    warm: warmStart(values, observations),
    rank: Number(values.est_rank ?? 0),
    outliersOnly: values.rank_rule === 'outliers',
    weightDecay: Number(values.weight_decay),
    lr: typeof values.lr === 'number' ? values.lr : null,
    estimator,
    scaling: (values.scaling ?? defaultScaling(estimator)) as ScalingName,
    grouping: values.groups as Grouping,
    restart: restartRule(String(values.restart)),
    updateInterval: typeof values.update_interval === 'number' ? values.update_interval : null,
    safeguard: values.safeguard === true ? Number(values.safeguard_interval ?? SAFEGUARD_INTERVAL) : null,
    idles,
    noiseProducts,
    calibrates: values.calibration === true,
    trainsMeanwhile: values.train_while_estimating === true,
    needed: observes
      ? {
          steps: priorIterations + observations + further,
          why: `prior_iterations ${priorIterations} + num_observations ${auto ? `at most ${observations}` : observations}${further === 0 ? '' : ` + ${further}`}`,
        }
      : { steps: priorIterations + 1, why: `prior_iterations ${priorIterations} + 1` },
  };
}

function warmStart(
  { warm_start: warm, widening, warm_columns: columns }: Hyperparameters,
  m: number,
): WarmStart | null {
  return warm === true ? { columns: Number(columns ?? m), widening: Number(widening ?? WIDENING) } : null;
}

/** Columns of S and Y of each layer at the same time: those of an estimation, and those that are left of earlier ones. */
export function columnsAtMost({ observations, warm }: Pick<FamilySettings, 'observations' | 'warm'>): number {
  return observations + (warm?.columns ?? 0);
}

/** The same of resolved hyperparameters of any optimizer; null for one that has no observations. */
export function observationColumns(values: Hyperparameters): number | null {
  const { num_observations: stated } = values;
  if (typeof stated !== 'number' && (typeof stated !== 'string' || !observationSchema().safeParse(stated).success)) {
    return null;
  }
  const { most: observations } = observationRule(stated);
  return columnsAtMost({ observations, warm: warmStart(values, observations) });
}

function defaultScaling(estimator: EstimatorName): ScalingName {
  if (estimator === 'thesis') return 'sqrt';
  return isPublished(estimator) ? 'inverse' : 'shorten';
}
