import { z } from 'zod';
import { add, divide, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged, correction } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * RAdam, Adam whose step is rectified while the second moment is uncertain (Liu et al. 2020), as in PyTorch:
 * ρ∞ = 2 / (1 − β₂) − 1, ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ); u = m̂ while ρₜ ≤ 5 (five steps with β₂ 0.999), then u = m̂ r √(1 − β₂ᵗ) / (√v + ε),
 * r = √((ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ)).
 */
export default defineOptimizer({
  name: 'radam',
  className: 'RAdam',
  description: 'Adam, rectified while its second moment is uncertain',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon }) => {
    const [first, second] = [correction(beta1), correction(beta2)];
    const longest = 2 / (1 - beta2) - 1;
    const length = (t: number) => longest - (2 * t * beta2 ** t) / second(t);
    const rectification = (t: number) => {
      const rho = length(t);
      return Math.sqrt(((rho - 4) * (rho - 2) * longest) / ((longest - 4) * (longest - 2) * rho));
    };
    return chain(
      elementwise({ first: 0, second: 0 }, ({ scalar, when }) => {
        const rectified = when((t) => length(t) > 5);
        const factor = scalar((t) => (rectified ? rectification(t) * Math.sqrt(second(t)) : 1) / first(t));
        return (gradient, state) => {
          const m = averaged(state.first, gradient, beta1);
          const v = averaged(state.second, square(gradient), beta2);
          const direction = rectified ? divide(m, add(sqrt(v), epsilon)) : m;
          return { update: multiply(direction, factor), state: { first: m, second: v } };
        };
      }),
      scaleByLearningRate(lr),
    );
  },
});
