import { z } from 'zod';
import { add, divide, multiply, sqrt, square, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged, correction } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * AdaBelief, Adam that divides by how far gradients are from their average (Zhuang et al. 2020):
 * s ← β₂ s + (1 − β₂) (g − m)² + ε with the new m, θ ← θ − lr m̂ / (√ŝ + ε). ε enters s in each step, and the root besides.
 */
export default defineOptimizer({
  name: 'adabelief',
  className: 'AdaBelief',
  description: 'Adam that divides by how far gradients are from their average',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the average gradient'),
    beta2: fraction().default(0.999).describe('decay of the mean squared distance'),
    epsilon: positive().default(1e-16).describe('added to the mean square and to its root; 1e-8 where SGD does well'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr', 'epsilon'] },
  transformation: ({ lr, beta1, beta2, epsilon }) =>
    chain(
      elementwise({ mean: 0, spread: 0 }, ({ scalar }) => {
        const [first, second] = [scalar(correction(beta1)), scalar(correction(beta2))];
        return (gradient, state) => {
          const mean = averaged(state.mean, gradient, beta1);
          const spread = add(averaged(state.spread, square(subtract(gradient, mean)), beta2), epsilon);
          const root = add(sqrt(divide(spread, second)), epsilon);
          return { update: divide(mean, multiply(root, first)), state: { mean, spread } };
        };
      }),
      scaleByLearningRate(lr),
    ),
});
