import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import { scaleByAdam } from '../transformations/scale-by-adam.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { scaleByTrustRatio } from '../transformations/scale-by-trust-ratio.js';

/**
 * LAMB, Adam with a trust ratio for each parameter tensor (You et al. 2020): u = m̂ / (√v̂ + ε) + λ θ, θ ← θ − lr (‖θ‖ / ‖u‖) u; the ratio
 * is 1 where a norm is 0, and not clipped (as in optax; the paper clips ‖θ‖ to 10 in some experiments).
 */
export default defineOptimizer({
  name: 'lamb',
  className: 'LAMB',
  description: 'Adam with steps as long as the weights of each layer',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-6).describe('added to the root of the second moment'),
    weight_decay: nonNegative().default(0).describe('weight decay λ, inside of the trust ratio'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr', 'weight_decay'] },
  transformation: ({ lr, beta1, beta2, epsilon, weight_decay: decay }) =>
    chain(
      scaleByAdam({ beta1, beta2, epsilon }),
      addDecayedWeights(decay),
      scaleByTrustRatio(),
      scaleByLearningRate(lr),
    ),
});
