import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { averageParameters } from '../transformations/average-parameters.js';
import { scaleByDistanceOverGradients } from '../transformations/scale-by-distance-over-gradients.js';

/**
 * DoG (Ivgi, Hinder & Carmon 2023): θ ← θ − r̄ / √(Σ ‖g‖² + ε) g. Its authors report the
 * average of the iterates with polynomial decay, γ = 8 (Shamir & Zhang 2013), and call it essential: it is evaluated there.
 */
export default defineOptimizer({
  name: 'dog',
  className: 'DoG',
  description: 'SGD with the step size distance over gradients',
  hyperparameters: z.strictObject({
    reps_rel: positive().default(1e-6).describe('first distance, relative to 1 + ‖θ₀‖; 1e-4 with batch normalization'),
    epsilon: positive().default(1e-8).describe('added to the sum of squared gradients'),
    averaging: z.boolean().default(true).describe('evaluate at the average of the iterates'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 2, tune: [] },
  transformation: ({ reps_rel, epsilon, averaging }) => {
    const rule = scaleByDistanceOverGradients({ layerwise: false, initial: reps_rel, epsilon });
    return averaging
      ? chain(
          rule,
          averageParameters((t) => 9 / (8 + t)),
        )
      : rule;
  },
});
