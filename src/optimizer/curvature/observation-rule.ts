import { z } from 'zod';
import { positiveInteger } from '../hyperparameters.js';

/** How many observations an estimation has: so many, or as many as its noise asks for, up to so many. */
export interface ObservationRule {
  readonly most: number;
  /** Whether it ends where the posterior's remaining variance is below what minibatch noise leaves open. */
  readonly auto: boolean;
}

/** Observations at most where the rule is `auto`. */
const MOST = 20;

const pattern = /^auto(?::([2-9]|[1-9]\d+))?$/;

/** The hyperparameter `num_observations` as it is written: a number, `auto` or `auto:N`. */
export const observationSchema = () =>
  z
    .union([positiveInteger(), z.string().regex(pattern)], {
      error: 'a whole number ≥ 1, auto, or auto:N with a whole number N ≥ 2',
    })
    .default(5)
    .describe(
      'observations of the Hessian that its estimate is made of; with estimator paper also auto: until the remaining variance is explained by minibatch noise, at most 20 (auto:N: at most N)',
    );

/** Reads what `observationSchema` has accepted. */
export function observationRule(value: unknown): ObservationRule {
  if (typeof value === 'number') return { most: value, auto: false };
  const [, most] = pattern.exec(String(value)) ?? [];
  return { most: Number(most ?? MOST), auto: true };
}

/**
 * Whether the observations are enough: what they leave open of the curvature along the direction of the next one, Var(sᵀBs)
 * = sᵀVs, is at most what minibatches differ by, τ². Both are summed over the layers.
 */
export function isExplainedByNoise(layers: readonly { readonly remaining: number; readonly noise: number }[]): boolean {
  const remaining = layers.reduce((sum, layer) => sum + layer.remaining, 0);
  return remaining <= layers.reduce((sum, layer) => sum + layer.noise, 0);
}
