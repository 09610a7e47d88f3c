import { z } from 'zod';
import { defineOptimizer, type OptimizerDefinition } from './define-optimizer.js';
import { positive } from './hyperparameters.js';
import { chain } from './transformation.js';
import { averageParameters } from './transformations/average-parameters.js';
import { scaleByDistanceOverGradients } from './transformations/scale-by-distance-over-gradients.js';

/**
 * DoG and L-DoG (Ivgi, Hinder & Carmon 2023), which differ in what shares a step size. Their authors report the average of the
 * iterates with polynomial decay, γ = 8 (Shamir & Zhang 2013), and call it essential: they are evaluated there.
 */
export function defineDistanceOverGradients({
  layerwise,
  ...names
}: {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** Whether each parameter tensor has a step size of its own. */
  readonly layerwise: boolean;
}): OptimizerDefinition {
  return defineOptimizer({
    ...names,
    hyperparameters: z.strictObject({
      reps_rel: positive()
        .default(1e-6)
        .describe('first distance, relative to 1 + ‖θ₀‖; 1e-4 with batch normalisation'),
      epsilon: positive().default(1e-8).describe('added to the sum of squared gradients'),
      averaging: z.boolean().default(true).describe('evaluate at the average of the iterates'),
    }),
    profile: { group: 'tuning-free', gradients: 1, memory: 2, tune: [] },
    transformation: ({ reps_rel, epsilon, averaging }) => {
      const rule = scaleByDistanceOverGradients({ layerwise, initial: reps_rel, epsilon });
      return averaging
        ? chain(
            rule,
            averageParameters((t) => 9 / (8 + t)),
          )
        : rule;
    },
  });
}
