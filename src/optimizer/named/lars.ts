import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { scaleByTrustRatio } from '../transformations/scale-by-trust-ratio.js';
import { trace } from '../transformations/trace.js';

/**
 * LARS, momentum with a trust ratio for each parameter tensor (You et al. 2017): u = g + λ θ, b ← μ b + lr κ (‖θ‖ / ‖u‖) u, θ ← θ − b. The
 * denominator is ‖g + λ θ‖, as in optax; the paper's is ‖g‖ + λ ‖θ‖. The velocity holds the learning rate, so a change of it acts slowly.
 *
 * A bias that starts at 0 has no norm to go by: with optax' ratio of 1 it takes a step 1/κ times as long as the others, and diverges
 * at learning rates that suit these. Vectors (biases, gains) have κ in place of the ratio here unless `vectors` is adapted.
 */
export default defineOptimizer({
  name: 'lars',
  className: 'LARS',
  description: 'momentum with steps as long as the weights of each layer',
  hyperparameters: z.strictObject({
    lr: learningRate(),
    momentum: fraction().default(0.9).describe('decay μ of the velocity'),
    trust_coefficient: positive().default(0.001).describe('length of a step relative to the weights, κ'),
    weight_decay: nonNegative().default(0.0001).describe('weight decay λ, inside of the trust ratio'),
    vectors: z
      .enum(['fixed', 'adapted'])
      .default('fixed')
      .describe('vectors step by κ lr g, or by their trust ratio as matrices do'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr', 'momentum', 'weight_decay'] },
  transformation: ({ lr, momentum, trust_coefficient: coefficient, weight_decay: decay, vectors }) =>
    chain(
      addDecayedWeights(decay),
      scaleByTrustRatio({ coefficient, adapts: ({ shape }) => vectors === 'adapted' || shape.length > 1 }),
      scaleByLearningRate(lr),
      trace({ decay: momentum }),
    ),
});
