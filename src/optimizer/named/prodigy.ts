import { z } from 'zod';
import { add, constant, divide, maximum, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { eachOf, innerProduct, oneNorm, plus, quotient, scaled, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';

/**
 * Prodigy (Mishchenko & Defazio 2023, algorithm 4, as its authors' code). With δ = d η, d₀ the first bound of the distance:
 * r ← β₃ r + (d / d₀) δ gᵀ(θ₀ − θ); m ← β₁ m + (1 − β₁) d g; v ← β₂ v + (1 − β₂) d² g²; s ← β₃ s + (d / d₀) δ g;
 * d′ = max(d, c r / ‖s‖₁); θ ← (1 − λ δ) θ − δ m / (√v + d′ ε). The step is of the old d, ε of the new one.
 *
 * θ − θ₀ is kept as the sum of the steps: the first ones are of the size of d₀, which single precision rounds away in θ.
 */
export default defineOptimizer({
  name: 'prodigy',
  className: 'Prodigy',
  description: 'Adam with the step size from an estimate of the distance to the solution',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1).describe('factor on the step size, for schedules'),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    beta3: fraction().nullable().default(null).describe("decay of the distance's sums; default: √beta2"),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment, times d'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ'),
    d0: positive().default(1e-6).describe('first bound of the distance'),
    d_coef: positive().default(1).describe('factor c on the estimate of the distance'),
    bias_correction: z.boolean().default(false).describe("Adam's bias corrections"),
    safeguard_warmup: z
      .boolean()
      .default(false)
      .describe('leave the learning rate out of s: for schedules with a warm-up'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 4, tune: [] },
  transformation: ({ lr, beta1, beta2, beta3, epsilon, weight_decay, d0, d_coef, ...options }) =>
    stateful({
      init: (parameters) => ({
        moved: zerosLike(parameters),
        first: zerosLike(parameters),
        second: zerosLike(parameters),
        sum: zerosLike(parameters),
        distance: constant(d0),
        numerator: constant(0),
      }),
      update: (gradients, { state, parameters, scalar, log }) => {
        const decay = beta3 ?? Math.sqrt(beta2);
        const d = state.distance;
        const correction = scalar((t) => (options.bias_correction ? Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t) : 1));
        const rate = multiply(multiply(d, lr), correction);
        const relative = divide(d, d0);
        const weight = multiply(relative, rate);
        const gain = multiply(weight, multiply(innerProduct(gradients, state.moved), -1));
        const numerator = add(multiply(state.numerator, decay), gain);
        const share = options.safeguard_warmup ? multiply(relative, d) : weight;
        const sum = plus(scaled(state.sum, decay), scaled(gradients, share));
        const first = plus(scaled(state.first, beta1), scaled(gradients, multiply(d, 1 - beta1)));
        const second = plus(scaled(state.second, beta2), scaled(gradients.map(square), multiply(square(d), 1 - beta2)));
        const distance = maximum(d, quotient(multiply(numerator, d_coef), oneNorm(sum)));
        log('distance', distance);
        const offset = multiply(distance, epsilon);
        const steps = eachOf([first, second], (m, v) => divide(multiply(m, multiply(rate, -1)), add(sqrt(v), offset)));
        const updates = weight_decay === 0 ? steps : plus(steps, scaled(parameters, multiply(rate, -weight_decay)));
        const moved = plus(state.moved, updates);
        return { updates, state: { moved, first, second, sum, distance, numerator } };
      },
    }),
});
