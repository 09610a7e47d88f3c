import { z } from 'zod';
import { add, constant, divide, maximum, minimum, multiply, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative } from '../hyperparameters.js';
import { eachOf, innerProduct, quotient, squaredNorm, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * MoMo, model-based momentum (Schaipp, Ohana, Eickenberg, Defazio & Gower 2023, algorithm 1). With averages f of the losses, d of the
 * gradients and γ of gᵀθ, which start as the first values: τ = min(η, [(1 + ηλ)(f − f* − γ) + dᵀθ]₊ / ‖d‖²),
 * θ ← (θ − τ d) / (1 + ηλ). With f* = −∞ it is momentum SGD with the learning rate η.
 */
export default defineOptimizer({
  name: 'momo',
  className: 'MoMo',
  description: 'momentum with a step size from a model of the loss, at most the learning rate',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1).describe('largest step size'),
    beta: fraction().default(0.9).describe('decay of the averages of losses and gradients'),
    f_star: z.number().default(0).describe('lower bound of the loss'),
    weight_decay: nonNegative().default(0).describe('weight decay λ, by the proximal step'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 1, tune: [] },
  transformation: ({ lr, beta, f_star, weight_decay }) =>
    stateful({
      init: (parameters) => ({ loss: constant(0), direction: zerosLike(parameters), product: constant(0) }),
      update: (gradients, { state, parameters, loss, scalar, log }) => {
        const kept = scalar((t) => (t === 1 ? 0 : beta));
        const added = scalar((t) => (t === 1 ? 1 : 1 - beta));
        const averageLoss = add(multiply(state.loss, kept), multiply(loss, added));
        const direction = eachOf([state.direction, gradients], (d, g) => add(multiply(d, kept), multiply(g, added)));
        const product = add(multiply(state.product, kept), multiply(innerProduct(gradients, parameters), added));
        const shrink = add(multiply(lr, weight_decay), 1);
        const model = add(
          multiply(shrink, subtract(subtract(averageLoss, f_star), product)),
          innerProduct(direction, parameters),
        );
        const squares = squaredNorm(direction);
        const polyak = quotient(maximum(model, 0), squares);
        const rate = minimum(polyak, lr);
        log('step_size', rate);
        return {
          updates: eachOf([parameters, direction], (p, d) =>
            subtract(divide(subtract(p, multiply(d, rate)), shrink), p),
          ),
          state: { loss: averageLoss, direction, product },
        };
      },
    }),
});
