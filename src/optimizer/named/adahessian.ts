import { z } from 'zod';
import { abs, add, divide, exp, log, maximum, multiply, sqrt, square, sum, type Tensor } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { averaged, eachOf, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/** |z ∘ Hz| = |Hz|, in a convolution's kernel the mean over its window. */
function magnitude(product: Tensor): Tensor {
  const [, , rows, columns] = product.shape;
  if (product.shape.length !== 4 || rows === undefined || columns === undefined) return abs(product);
  return divide(sum(abs(product), [2, 3], { keepDims: true }), rows * columns);
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
      init: (parameters) => ({ first: zerosLike(parameters), second: zerosLike(parameters) }),
      update: (gradients, { state, parameters, random, hessianVectorProduct, scalar }) => {
        const probes = parameters.map(({ shape }) => random('probe', 'rademacher', shape));
        const diagonal = hessianVectorProduct(probes).map((product) => square(magnitude(product)));
        const first = averaged(state.first, gradients, beta1);
        const second = averaged(state.second, diagonal, beta2);
        const [c1, c2] = [scalar((t) => 1 - beta1 ** t), scalar((t) => 1 - beta2 ** t)];
        const updates = eachOf([first, second, parameters], (m, v, parameter) => {
          const root = add(power(sqrt(divide(v, c2)), hessian_power), epsilon);
          const step = divide(divide(m, c1), root);
          const decayed = weight_decay === 0 ? step : add(step, multiply(parameter, weight_decay));
          return multiply(decayed, multiply(lr, -1));
        });
        return { updates, state: { first, second } };
      },
    }),
});
