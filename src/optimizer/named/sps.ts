import { z } from 'zod';
import { add, constant, divide, maximum, minimum, multiply, subtract } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { positive } from '../hyperparameters.js';
import { scaled, squaredNorm } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * SGD with the stochastic Polyak step size (Loizou, Vaswani, Laradji & Lacoste-Julien 2021, equation 4):
 * η = min([L − f*]₊ / (c ‖g‖² + 10⁻⁸), η_max), L the minibatch's loss. Smoothed, as its authors run it (their section 4), the bound is
 * γ^(1/n) times the last step size, n the minibatches of an epoch, from η_max on.
 */
export default defineOptimizer({
  name: 'sps',
  className: 'SPS',
  description: 'SGD with the stochastic Polyak step size',
  hyperparameters: z.strictObject({
    c: positive().default(0.5).describe('divides the step size'),
    eta_max: positive().default(1).describe('largest step size, or the first bound of the smoothed one'),
    f_star: z.number().default(0).describe('smallest loss that a minibatch can have'),
    smooth: z.boolean().default(true).describe('bound each step size by γ^(1/n) times the one before'),
    gamma: z.number().min(1).default(2).describe('growth per epoch of the smoothed step size'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 0, tune: [] },
  transformation: ({ c, eta_max, f_star, smooth, gamma }) =>
    stateful({
      init: () => ({ bound: constant(eta_max) }),
      update: (gradients, { state, loss, stepsPerEpoch, log }) => {
        const bound = smooth ? multiply(state.bound, gamma ** (1 / stepsPerEpoch)) : state.bound;
        // A loss below f* says that f* is too large, not that the way up is the right one.
        const excess = maximum(subtract(loss, f_star), 0);
        const rate = minimum(divide(excess, add(multiply(squaredNorm(gradients), c), 1e-8)), bound);
        log('step_size', rate);
        return { updates: scaled(gradients, multiply(rate, -1)), state: { bound: smooth ? rate : bound } };
      },
    }),
});
