import { defineOptimizer, tensor, z } from 'probprec';

const { add, constant, divide, dot, maximum, multiply, negate, sqrt, subtract } = tensor;
const squaredNorm = (vectors) => vectors.map((vector) => dot(vector, vector)).reduce((sum, term) => add(sum, term));

/**
 * DoG, distance over gradients (Ivgi, Hinder & Carmon 2023): θ ← θ − r̄ / √(Σ ‖g‖² + ε) g, r̄ the largest distance from the
 * start so far. No learning rate.
 */
export default defineOptimizer({
  name: 'my-dog',
  className: 'MyDoG',
  description: 'SGD with the step size distance over gradients',
  hyperparameters: z.strictObject({
    reps_rel: z.number().positive().default(1e-6).describe('first distance, relative to 1 + ‖θ₀‖'),
    epsilon: z.number().positive().default(1e-8).describe('added to the sum of squared gradients'),
  }),
  transformation: ({ reps_rel, epsilon }) => ({
    init: (parameters) => ({
      start: parameters,
      distance: multiply(add(sqrt(squaredNorm(parameters)), 1), reps_rel),
      squares: constant(epsilon),
    }),
    update: (gradients, { state, parameters, log }) => {
      const moved = parameters.map((parameter, index) => subtract(parameter, state.start[index]));
      const distance = maximum(state.distance, sqrt(squaredNorm(moved)));
      const squares = add(state.squares, squaredNorm(gradients));
      const rate = divide(distance, sqrt(squares));
      log('step_size', rate);
      return {
        updates: gradients.map((gradient) => negate(multiply(gradient, rate))),
        state: { start: state.start, distance, squares },
      };
    },
  }),
});
