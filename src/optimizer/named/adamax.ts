import { z } from 'zod';
import { abs, add, divide, maximum, multiply } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged, correction } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/** AdaMax, Adam with the infinity norm (Kingma & Ba 2015, algorithm 2): u ← max(β₂ u, |g| + ε), θ ← θ − lr m̂ / u, as in PyTorch. */
export default defineOptimizer({
  name: 'adamax',
  className: 'Adamax',
  description: 'Adam with the largest gradient instead of the root mean square',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.002),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the largest gradient'),
    epsilon: positive().default(1e-8).describe('added to the absolute gradient'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon }) =>
    chain(
      elementwise({ first: 0, largest: 0 }, ({ scalar }) => {
        const first = scalar(correction(beta1));
        return (gradient, state) => {
          const m = averaged(state.first, gradient, beta1);
          const largest = maximum(multiply(state.largest, beta2), add(abs(gradient), epsilon));
          return { update: divide(m, multiply(largest, first)), state: { first: m, largest } };
        };
      }),
      scaleByLearningRate(lr),
    ),
});
