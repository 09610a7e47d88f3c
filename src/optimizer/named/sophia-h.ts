import { z } from 'zod';
import { add, divide, maximum, minimum, multiply, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive, positiveInteger } from '../hyperparameters.js';
import { averaged, eachOf, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * Sophia-H (Liu et al. 2023, algorithms 1 and 3): every k steps h ← β₂ h + (1 − β₂) z ∘ Hz with random signs z; θ ← θ − η (clip(m /
 * max(γ h, ε), ±1) + λ θ). Where the curvature is small or negative the step is a sign step. `form optax`: h is updated behind the step
 * and m is bias-corrected, so that the first step is one of signs.
 */
export default defineOptimizer({
  name: 'sophia-h',
  className: 'SophiaH',
  description: "momentum over an estimate of the Hessian's diagonal, clipped",
  hyperparameters: z.strictObject({
    lr: learningRate().default(6e-4),
    beta1: fraction().default(0.965).describe('decay of the first moment'),
    beta2: fraction().default(0.99).describe("decay of the diagonal's average"),
    gamma: positive().default(0.01).describe('factor γ on the diagonal: the smaller, the more steps are clipped'),
    epsilon: positive().default(1e-12).describe('smallest denominator'),
    weight_decay: nonNegative().default(0.1).describe('decoupled weight decay λ'),
    interval: positiveInteger().default(10).describe('steps between two estimates of the diagonal'),
    form: z.enum(['paper', 'optax']).default('paper').describe('order of step and estimate, and bias correction'),
  }),
  profile: { group: 'second-order', gradients: 1, products: 0.1, memory: 2, tune: ['lr', 'gamma'] },
  transformation: ({ lr, beta1, beta2, gamma, epsilon, weight_decay, interval, form }) =>
    stateful({
      init: (parameters) => ({ first: zerosLike(parameters), diagonal: zerosLike(parameters) }),
      update: (gradients, { state, parameters, random, hessianVectorProduct, scalar, when }) => {
        const estimate = () => {
          const probes = parameters.map(({ shape }) => random('probe', 'rademacher', shape));
          const products = eachOf([probes, hessianVectorProduct(probes)], (probe, product) => multiply(probe, product));
          return averaged(state.diagonal, products, beta2);
        };
        const diagonal = when((t) => (t - 1) % interval === 0) ? estimate() : state.diagonal;
        // m / (1 − β₁): a pass less over the parameters.
        const first = eachOf([state.first, gradients], (m, g) => add(multiply(m, beta1), g));
        const share = form === 'optax' ? scalar((t) => (1 - beta1) / (1 - beta1 ** t)) : 1 - beta1;
        const used = form === 'optax' ? state.diagonal : diagonal;
        const updates = eachOf([first, used, parameters], (m, h, parameter) => {
          const ratio = divide(m, maximum(multiply(h, divide(gamma, share)), divide(epsilon, share)));
          const clipped = minimum(maximum(ratio, -1), 1);
          return subtract(multiply(clipped, multiply(lr, -1)), multiply(parameter, multiply(lr, weight_decay)));
        });
        return { updates, state: { first, diagonal } };
      },
    }),
});
