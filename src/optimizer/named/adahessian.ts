import { z } from 'zod';
import {
  abs,
  add,
  divide,
  exp,
  log,
  maximum,
  multiply,
  sqrt,
  square,
  sum,
  type Tensor,
  zeros,
} from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { eachOf, minus, scaled } from '../tensor-lists.js';
import { stateful } from '../transformation.js';
import { adamStep, scaleByAdam } from '../transformations/scale-by-adam.js';

/** |z ∘ Hz|² = |Hz|²; of a convolution's kernel the square of the mean over its window. */
function squared(product: Tensor): Tensor {
  const [, , rows, columns] = product.shape;
  if (product.shape.length !== 4 || rows === undefined || columns === undefined) return square(product);
  const mean = divide(sum(abs(product), [2, 3], { keepDims: true }), rows * columns);
  return square(add(mean, zeros(product.shape)));
}

/** xᵏ of numbers that are not negative. */
function power(x: Tensor, k: number): Tensor {
  return k === 1 ? x : exp(multiply(log(maximum(x, 2 ** -126)), k));
}

/**
 * AdaHessian (Yao et al. 2021, algorithm 1): Adam with Hutchinson's estimate of the Hessian's diagonal in the place of g²,
 * v ← β₂ v + (1 − β₂) h², h = |z ∘ Hz| with random signs z; θ ← θ − η (m̂ / ((√v̂)ᵏ + ε) + λ θ).
 */
export default defineOptimizer({
  name: 'adahessian',
  className: 'AdaHessian',
  description: "Adam with an estimate of the Hessian's diagonal in the place of squared gradients",
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.15),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the squared diagonal'),
    epsilon: positive().default(1e-4).describe('added to the root'),
    hessian_power: positive().max(1).default(1).describe('power k of the diagonal'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ'),
  }),
  profile: { group: 'second-order', gradients: 1, products: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon, hessian_power, weight_decay }) =>
    stateful({
      init: scaleByAdam().init,
      update: (gradients, { state, parameters, random, hessianVectorProduct, scalar }) => {
        const probes = parameters.map(({ shape }) => random('probe', 'rademacher', shape));
        const squares = hessianVectorProduct(probes).map(squared);
        const decayed = (updates: readonly Tensor[]) =>
          weight_decay === 0 ? [...updates] : minus(updates, scaled(parameters, multiply(lr, weight_decay)));
        if (hessian_power === 1) {
          const own = { gradients, squares, factor: multiply(lr, -1) };
          const { updates, state: next } = adamStep({ beta1, beta2, epsilon }, own, { state, scalar });
          return { updates: decayed(updates), state: next };
        }
        const first = eachOf([state.first, gradients], (m, g) => add(multiply(m, beta1), g));
        const second = eachOf([state.second, squares], (v, h) => add(multiply(v, beta2), h));
        const [c1, c2] = [scalar((t) => (1 - beta1) / (1 - beta1 ** t)), scalar((t) => (1 - beta2) / (1 - beta2 ** t))];
        const updates = eachOf([first, second], (m, v) => {
          const root = add(power(sqrt(multiply(v, c2)), hessian_power), epsilon);
          return multiply(divide(multiply(m, c1), root), multiply(lr, -1));
        });
        return { updates: decayed(updates), state: { first, second } };
      },
    }),
});
