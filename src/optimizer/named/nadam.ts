import { z } from 'zod';
import { at } from '../../expect.js';
import { add, divide, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { averaged, correction } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * NAdam, Adam with Nesterov's momentum (Dozat 2016): u = m̂ / (√v̂ + ε) with
 * m̂ = μₜ₊₁ m / (1 − ∏ᵗ⁺¹ μ) + (1 − μₜ) g / (1 − ∏ᵗ μ), μₜ = β₁ (1 − ½ · 0.96^(ψ t)).
 *
 * ψ is 0.004 in the paper and in PyTorch 2, which this follows; Keras has 1. (PyTorch before 2 multiplied μₜ twice into the
 * product.) Without momentum_schedule it is optax': m̂ = β₁ m / (1 − β₁ᵗ⁺¹) + (1 − β₁) g / (1 − β₁ᵗ).
 */
export default defineOptimizer({
  name: 'nadam',
  className: 'NAdam',
  description: "Adam with Nesterov's momentum",
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.002),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    momentum_decay: nonNegative().default(0.004).describe('how fast the momentum reaches beta1, ψ'),
    momentum_schedule: z
      .boolean()
      .default(true)
      .describe('let the momentum grow to beta1; without, it is beta1 throughout, as in optax'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon, momentum_decay: psi, momentum_schedule: grows }) => {
    const { momentum, product } = grows
      ? growing((t) => beta1 * (1 - 0.5 * 0.96 ** (psi * t)))
      : { momentum: () => beta1, product: (t: number) => beta1 ** t };
    return chain(
      elementwise({ first: 0, second: 0 }, ({ scalar }) => {
        const ofMoment = scalar((t) => momentum(t + 1) / (1 - product(t + 1)));
        const ofGradient = scalar((t) => (1 - momentum(t)) / (1 - product(t)));
        const second = scalar(correction(beta2));
        return (gradient, state) => {
          const m = averaged(state.first, gradient, beta1);
          const v = averaged(state.second, square(gradient), beta2);
          const direction = add(multiply(m, ofMoment), multiply(gradient, ofGradient));
          const update = divide(direction, add(sqrt(divide(v, second)), epsilon));
          return { update, state: { first: m, second: v } };
        };
      }),
      scaleByLearningRate(lr),
    );
  },
});

/** μₜ, and the product μ₁ … μₜ, which always is computed from the first factor on: a resumed run has the same digits. */
function growing(momentum: (t: number) => number) {
  const products = [1];
  const product = (t: number): number => {
    for (let next = products.length; next <= t; next++) {
      products.push(at(products, next - 1) * momentum(next));
    }
    return at(products, t);
  };
  return { momentum, product };
}
