import { z } from 'zod';
import { add, constant, divide, maximum, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { averaged, eachOf, innerProduct, oneNorm, plus, quotient, scaled, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * Adam with D-Adaptation (Defazio & Mishchenko 2023, algorithm 5; as its authors' code, without Adam's bias corrections). δ = d η;
 * r ← √β₂ r + (1 − √β₂) δ gᵀ(s / (√v + ε)) with s and v before this step; m ← β₁ m + (1 − β₁) δ g; v ← β₂ v + (1 − β₂) g²;
 * s ← √β₂ s + (1 − √β₂) δ g; d ← max(d, r / ((1 − √β₂) ‖s‖₁)); θ ← (1 − λ δ) θ − m / (√v + ε).
 */
export default defineOptimizer({
  name: 'd-adapt-adam',
  className: 'DAdaptAdam',
  description: 'Adam with the step size from a lower bound of the distance to the solution',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1).describe('factor on the step size, for schedules'),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ'),
    d0: positive().default(1e-6).describe('first bound of the distance'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 3, tune: [] },
  transformation: ({ lr, beta1, beta2, epsilon, weight_decay, d0 }) =>
    stateful({
      init: (parameters) => ({
        first: zerosLike(parameters),
        second: zerosLike(parameters),
        sum: zerosLike(parameters),
        distance: constant(d0),
        numerator: constant(0),
      }),
      update: (gradients, { state, parameters, log }) => {
        const decay = Math.sqrt(beta2);
        const rate = multiply(state.distance, lr);
        const root = (v: (typeof gradients)[number]) => add(sqrt(v), epsilon);
        const weighted = eachOf([state.sum, state.second], (s, v) => divide(s, root(v)));
        const gain = multiply(rate, innerProduct(gradients, weighted));
        const numerator = add(multiply(state.numerator, decay), multiply(gain, 1 - decay));
        const step = scaled(gradients, rate);
        const first = averaged(state.first, step, beta1);
        const second = averaged(state.second, gradients.map(square), beta2);
        const sum = averaged(state.sum, step, decay);
        const distance = maximum(state.distance, quotient(numerator, multiply(oneNorm(sum), 1 - decay)));
        log('distance', distance);
        const updates = eachOf([first, second], (m, v) => multiply(divide(m, root(v)), -1));
        return {
          updates: weight_decay === 0 ? updates : plus(updates, scaled(parameters, multiply(rate, -weight_decay))),
          state: { first, second, sum, distance, numerator },
        };
      },
    }),
});
