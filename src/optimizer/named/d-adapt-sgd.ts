import { z } from 'zod';
import { add, constant, greater, maximum, multiply, select, sqrt } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { innerProduct, minus, plus, quotient, scaled, squaredNorm, towards, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * SGD with D-Adaptation (Defazio & Mishchenko 2023, algorithm 4): a lower bound d of the distance D from the start to the solution, which
 * grows, is the step size. δ = d η / ‖g₁‖; r ← r + δ gᵀs with the s before this step; s ← s + δ g; d ← max(d, 2 r / ‖s‖);
 * z = θ₀ − s; θ ← μ θ + (1 − μ) z.
 */
export default defineOptimizer({
  name: 'd-adapt-sgd',
  className: 'DAdaptSGD',
  description: 'SGD with the step size from a lower bound of the distance to the solution',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1).describe('factor on the step size, for schedules'),
    momentum: fraction().default(0).describe('how slowly θ follows z, μ'),
    d0: positive().default(1e-6).describe('first bound of the distance'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 2, tune: [] },
  transformation: ({ lr, momentum, d0 }) =>
    stateful({
      init: (parameters) => ({
        start: parameters,
        sum: zerosLike(parameters),
        distance: constant(d0),
        numerator: constant(0),
        firstNorm: constant(0),
      }),
      update: (gradients, { state, parameters, log }) => {
        // The first gradient that is not zero.
        const firstNorm = select(greater(state.firstNorm, 0), state.firstNorm, sqrt(squaredNorm(gradients)));
        const rate = multiply(state.distance, quotient(lr, firstNorm));
        const numerator = add(state.numerator, multiply(rate, innerProduct(gradients, state.sum)));
        const sum = plus(state.sum, scaled(gradients, rate));
        const bound = quotient(multiply(numerator, 2), sqrt(squaredNorm(sum)));
        const distance = maximum(state.distance, bound);
        log('distance', distance);
        log('step_size', rate);
        const next = towards(parameters, minus(state.start, sum), 1 - momentum);
        return {
          updates: minus(next, parameters),
          state: { start: state.start, sum, distance, numerator, firstNorm },
        };
      },
    }),
});
