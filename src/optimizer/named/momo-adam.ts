import { z } from 'zod';
import { add, constant, divide, maximum, minimum, multiply, sqrt, square, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { averaged, eachOf, innerProduct, quotient, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * MoMo-Adam (Schaipp et al. 2023, algorithm 2): MoMo in the norm of Adam's preconditioner D = ε + √v̂. With exponential averages f of the
 * losses, m of the gradients and γ of gᵀθ, and c = 1 − β₁ᵗ:
 * τ = min(η / c, [(1 + ηλ)(f − c f* − γ) + mᵀθ]₊ / (mᵀ D⁻¹ m)), θ ← (θ − τ D⁻¹ m) / (1 + ηλ).
 */
export default defineOptimizer({
  name: 'momo-adam',
  className: 'MoMoAdam',
  description: 'Adam with a step size from a model of the loss, at most the learning rate',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.01).describe('largest step size'),
    beta1: fraction().default(0.9).describe('decay of the averages of losses and gradients'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    f_star: z.number().default(0).describe('lower bound of the loss'),
    weight_decay: nonNegative().default(0).describe('weight decay λ, by the proximal step'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 2, tune: [] },
  transformation: ({ lr, beta1, beta2, epsilon, f_star, weight_decay }) =>
    stateful({
      init: (parameters) => ({
        loss: constant(0),
        first: zerosLike(parameters),
        second: zerosLike(parameters),
        product: constant(0),
      }),
      update: (gradients, { state, parameters, loss, scalar, log }) => {
        const average = (old: typeof loss, next: typeof loss) => add(multiply(old, beta1), multiply(next, 1 - beta1));
        const averageLoss = average(state.loss, loss);
        const product = average(state.product, innerProduct(gradients, parameters));
        const first = averaged(state.first, gradients, beta1);
        const second = averaged(state.second, gradients.map(square), beta2);
        const c1 = scalar((t) => 1 - beta1 ** t);
        const c2 = scalar((t) => 1 - beta2 ** t);
        const direction = eachOf([first, second], (m, v) => divide(m, add(sqrt(divide(v, c2)), epsilon)));
        const shrink = add(multiply(lr, weight_decay), 1);
        const model = add(
          multiply(shrink, subtract(subtract(averageLoss, multiply(c1, f_star)), product)),
          innerProduct(first, parameters),
        );
        const squares = innerProduct(first, direction);
        const polyak = quotient(maximum(model, 0), squares);
        const rate = minimum(polyak, divide(lr, c1));
        log('step_size', rate);
        return {
          updates: eachOf([parameters, direction], (p, d) =>
            subtract(divide(subtract(p, multiply(d, rate)), shrink), p),
          ),
          state: { loss: averageLoss, first, second, product },
        };
      },
    }),
});
