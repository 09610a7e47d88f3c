import { z } from 'zod';
import { add, divide, maximum, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged, correction } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * AMSGrad, Adam with the largest second moment so far (Reddi et al. 2018): v̄ ← max(v̄, v), θ ← θ − lr m̂ / (√(v̄ / (1 − β₂ᵗ)) + ε), as in
 * PyTorch. With corrected_maximum the maximum is, as in optax, over the corrected v / (1 − β₂ᵗ). Both are Adam as long as v grows.
 */
export default defineOptimizer({
  name: 'amsgrad',
  className: 'AMSGrad',
  description: 'Adam with the largest second moment so far',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    corrected_maximum: z
      .boolean()
      .default(false)
      .describe('take the maximum of corrected second moments, as optax does'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 3, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon, corrected_maximum: corrects }) =>
    chain(
      elementwise({ first: 0, second: 0, largest: 0 }, ({ scalar }) => {
        const [first, second] = [scalar(correction(beta1)), scalar(correction(beta2))];
        return (gradient, state) => {
          const m = averaged(state.first, gradient, beta1);
          const v = averaged(state.second, square(gradient), beta2);
          const largest = maximum(state.largest, corrects ? divide(v, second) : v);
          const corrected = corrects ? largest : divide(largest, second);
          const update = divide(m, multiply(add(sqrt(corrected), epsilon), first));
          return { update, state: { first: m, second: v, largest } };
        };
      }),
      scaleByLearningRate(lr),
    ),
});
