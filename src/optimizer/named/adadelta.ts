import { z } from 'zod';
import { add, divide, multiply, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * Adadelta (Zeiler 2012): v ← ρ v + (1 − ρ) g², Δ = g √(u + ε) / √(v + ε), u ← ρ u + (1 − ρ) Δ², θ ← θ − lr Δ. As in the paper and in
 * PyTorch, lr is 1; Keras has 0.001, which makes its steps a thousand times shorter.
 */
export default defineOptimizer({
  name: 'adadelta',
  className: 'Adadelta',
  description: 'gradients in the units of the steps before',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1),
    rho: fraction().default(0.9).describe('decay of both mean squares'),
    epsilon: positive().default(1e-6).describe('added to both mean squares; sets the length of the first steps'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, rho, epsilon }) =>
    chain(
      elementwise({ gradients: 0, steps: 0 }, () => (gradient, state) => {
        const gradients = averaged(state.gradients, square(gradient), rho);
        const ratio = divide(sqrt(add(state.steps, epsilon)), sqrt(add(gradients, epsilon)));
        const update = multiply(ratio, gradient);
        return { update, state: { gradients, steps: averaged(state.steps, square(update), rho) } };
      }),
      scaleByLearningRate(lr),
    ),
});
