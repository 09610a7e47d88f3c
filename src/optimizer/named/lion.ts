import { z } from 'zod';
import { add, multiply, sign, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative } from '../hyperparameters.js';
import { elementwise } from '../transformations/elementwise.js';

/**
 * Lion, steps along signs of an interpolated momentum (Chen et al. 2023): u = sign(β₁ m + (1 − β₁) g) with the old m,
 * m ← β₂ m + (1 − β₂) g, θ ← θ − lr (u + λ θ). It wants a learning rate 3 to 10 times smaller and a decay 3 to 10 times larger than AdamW.
 */
export default defineOptimizer({
  name: 'lion',
  className: 'Lion',
  description: 'steps of equal length along the signs of a momentum',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.0001),
    beta1: fraction().default(0.9).describe('share of the momentum in the step'),
    beta2: fraction().default(0.99).describe('decay of the momentum'),
    weight_decay: nonNegative()
      .default(0.001)
      .describe('decoupled weight decay λ, times the learning rate in each step'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr', 'weight_decay'] },
  transformation: ({ lr, beta1, beta2, weight_decay: decay }) =>
    elementwise({ momentum: 0 }, () => (gradient, { momentum }, parameter) => {
      // The state is m / (1 − β₂), and the sign that of u / (1 − β₁): three passes less over the parameters. Both begin with what is left of
      // the momentum, which then takes the memory of the old one.
      const left = multiply(momentum, beta2);
      const share = (beta1 * (1 - beta2)) / (1 - beta1);
      const part = beta2 === 0 ? multiply(momentum, share) : multiply(left, share / beta2);
      const step = multiply(sign(add(part, gradient)), multiply(lr, -1));
      return {
        update: decay === 0 ? step : subtract(step, multiply(parameter, multiply(lr, decay))),
        state: { momentum: add(left, gradient) },
      };
    }),
});
