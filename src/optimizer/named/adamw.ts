import { z } from 'zod';
import { multiply, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { minus, scaled } from '../tensor-lists.js';
import { stateful } from '../transformation.js';
import { adamStep, scaleByAdam } from '../transformations/scale-by-adam.js';

/**
 * AdamW, Adam with decoupled weight decay: θ ← θ − lr (m̂ / (√v̂ + ε) + λ θ) (Loshchilov & Hutter 2019). The decay is multiplied by
 * the learning rate, as in PyTorch and optax; the paper's is by the schedule's factor alone.
 */
export default defineOptimizer({
  name: 'adamw',
  className: 'AdamW',
  description: 'Adam with decoupled weight decay',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    weight_decay: nonNegative()
      .default(0.01)
      .describe('decoupled weight decay λ, times the learning rate in each step'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr', 'weight_decay'] },
  transformation: ({ lr, beta1, beta2, epsilon, weight_decay: decay }) =>
    stateful({
      init: scaleByAdam().init,
      update: (gradients, context) => {
        // One factor for direction and rate, and the decay behind it: two passes over the parameters fewer.
        const own = { gradients, squares: gradients.map(square), factor: multiply(lr, -1) };
        const { updates, state } = adamStep({ beta1, beta2, epsilon }, own, context);
        if (decay === 0) return { updates, state };
        const share = multiply(lr, decay);
        return { updates: minus(updates, scaled(context.parameters, share)), state };
      },
    }),
});
