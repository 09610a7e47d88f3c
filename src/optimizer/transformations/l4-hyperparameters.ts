import type { z } from 'zod';
import { fraction, positive } from '../hyperparameters.js';
import type { L4Options } from './scale-by-l4.js';

/** The hyperparameters that L4Mom and L4Adam share, with their authors' defaults. */
export const l4Fields = {
  alpha: positive().default(0.15).describe('part of the way to the smallest loss that a step takes'),
  gamma: fraction().default(0.9).describe('part of the smallest loss seen that is thought to be attainable'),
  gamma0: positive().default(0.75).describe('part of the first loss that the smallest loss starts as'),
  tau: positive().default(1000).describe('steps in which the smallest loss is forgotten'),
  beta1: fraction().default(0.9).describe('decay of the average of gradients'),
};

/** {@link l4Fields} as the transformation is told them. */
export function l4Options(
  values: { readonly [K in keyof typeof l4Fields]: z.output<(typeof l4Fields)[K]> },
): L4Options {
  const { alpha, gamma, gamma0, tau, beta1 } = values;
  return { fraction: alpha, attainable: gamma, initial: gamma0, memory: tau, decay: beta1 };
}
