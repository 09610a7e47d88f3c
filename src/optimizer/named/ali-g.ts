import { z } from 'zod';
import { add, constant, divide, maximum, minimum, multiply, sqrt } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { eachOf, minus, plus, scaled, squaredNorm, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * ALI-G, adaptive learning rates for interpolation with gradients (Berrada, Zisserman & Kumar 2020, algorithm 1):
 * η = min(L / (‖g‖² + δ), η_max), with Nesterov's momentum at that η: b ← μ b − η g, θ ← θ − η g + μ b. Its regularisation is
 * the projection onto the ball ‖θ‖ ≤ r, not an L2 term: with one, L cannot reach 0, which the step size counts on.
 */
export default defineOptimizer({
  name: 'ali-g',
  className: 'ALIG',
  description: 'SGD with the step size that would bring the loss to zero, bounded',
  hyperparameters: z.strictObject({
    max_lr: learningRate().default(0.1).describe('largest step size η_max'),
    momentum: fraction().default(0.9).describe('decay μ of the velocity'),
    delta: positive().default(1e-5).describe('added to the squared norm of the gradient'),
    max_norm: positive()
      .nullable()
      .default(null)
      .describe('radius r of the ball that the parameters stay in; default: none'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 1, tune: ['max_lr'] },
  learningRate: 'max_lr',
  transformation: ({ max_lr, momentum, delta, max_norm }) =>
    stateful({
      init: (parameters) => ({ velocity: momentum === 0 ? [] : zerosLike(parameters) }),
      update: (gradients, { state, loss, parameters, log }) => {
        const rate = minimum(divide(maximum(loss, 0), add(squaredNorm(gradients), delta)), max_lr);
        log('step_size', rate);
        const step = scaled(gradients, multiply(rate, -1));
        const velocity = momentum === 0 ? [] : eachOf([state.velocity, step], (b, s) => add(multiply(b, momentum), s));
        const moved = momentum === 0 ? step : plus(step, scaled(velocity, momentum));
        if (max_norm === null) return { updates: moved, state: { velocity } };
        const point = plus(parameters, moved);
        const shrink = minimum(divide(constant(max_norm), maximum(sqrt(squaredNorm(point)), max_norm)), 1);
        return { updates: minus(scaled(point, shrink), parameters), state: { velocity } };
      },
    }),
});
