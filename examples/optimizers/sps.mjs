import { defineOptimizer, tensor, z } from 'probprec';

const { add, constant, divide, dot, minimum, multiply, negate, subtract } = tensor;

/**
 * The stochastic Polyak step size (Loizou et al. 2021): η = min((L − f*) / (c ‖g‖² + ε), η_max); smoothed as its authors
 * do, η_max is γ^(1/n) times the last step size, n the minibatches of an epoch.
 */
export default defineOptimizer({
  name: 'my-sps',
  className: 'MySPS',
  description: 'SGD with the stochastic Polyak step size',
  hyperparameters: z.strictObject({
    c: z.number().positive().default(0.5).describe('divides the step size'),
    eta_max: z.number().positive().default(1).describe('largest step size, or the first bound of the smoothed one'),
    f_star: z.number().default(0).describe('smallest loss that a minibatch can have'),
    smooth: z.boolean().default(false).describe('bound each step size by the one before'),
    gamma: z.number().min(1).default(2).describe('growth per epoch of the smoothed step size'),
  }),
  transformation: ({ c, eta_max, f_star, smooth, gamma }) => ({
    init: () => ({ bound: constant(eta_max) }),
    update: (gradients, { state, loss, stepsPerEpoch, log }) => {
      const squares = gradients.map((gradient) => dot(gradient, gradient)).reduce((sum, term) => add(sum, term));
      const bound = smooth ? multiply(state.bound, gamma ** (1 / stepsPerEpoch)) : state.bound;
      const rate = minimum(divide(subtract(loss, f_star), add(multiply(squares, c), 1e-8)), bound);
      log('step_size', rate, 'step');
      return {
        updates: gradients.map((gradient) => negate(multiply(gradient, rate))),
        state: { bound: smooth ? rate : bound },
      };
    },
  }),
});
