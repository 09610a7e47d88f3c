import { z } from 'zod';
import { add, divide, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { learningRate, nonNegative, positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * Adagrad (Duchi et al. 2011): G ← G + g², θ ← θ − lr g / (√G + ε), as in PyTorch. TensorFlow 1, with which DeepOBS ran, starts
 * from G = 0.1 and has no ε; optax starts from 0.1 with ε = 1e-7 inside of the root.
 */
export default defineOptimizer({
  name: 'adagrad',
  className: 'Adagrad',
  description: 'gradients scaled by the root of the sum of all their squares',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.01),
    initial_sum: nonNegative().default(0).describe('the sum of squares before the first step'),
    epsilon: positive().default(1e-10).describe('keeps the divisor from zero'),
    epsilon_inside: z.boolean().default(false).describe('add epsilon inside of the root, as optax does'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr'] },
  transformation: ({ lr, initial_sum: initial, epsilon, epsilon_inside: inside }) =>
    chain(
      elementwise({ sum: initial }, () => (gradient, state) => {
        const sum = add(state.sum, square(gradient));
        const update = divide(gradient, inside ? sqrt(add(sum, epsilon)) : add(sqrt(sum), epsilon));
        return { update, state: { sum } };
      }),
      scaleByLearningRate(lr),
    ),
});
