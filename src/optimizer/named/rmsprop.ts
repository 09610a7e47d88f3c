import { z } from 'zod';
import { add, divide, maximum, multiply, sqrt, square, subtract, type Tensor } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { averaged } from '../moments.js';
import { chain } from '../transformation.js';
import { elementwise } from '../transformations/elementwise.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { trace } from '../transformations/trace.js';

/**
 * RMSprop (Hinton 2012): v ← α v + (1 − α) g², u = g / (√v + ε), as in PyTorch: v is not corrected, so that the first steps are
 * longer, ε stands outside of the root, and momentum gathers u before the learning rate. Centred (Graves 2013), the mean gradient's
 * square is taken from v. TensorFlow and optax have ε inside of the root.
 */
export default defineOptimizer({
  name: 'rmsprop',
  className: 'RMSprop',
  description: 'gradients scaled by their root mean square',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.01),
    alpha: fraction().default(0.99).describe('decay of the mean square'),
    epsilon: positive().default(1e-8).describe('keeps the divisor from zero'),
    epsilon_inside: z.boolean().default(false).describe('add epsilon inside of the root, as TensorFlow and optax do'),
    momentum: fraction().default(0).describe('decay of a velocity of the scaled gradients'),
    centered: z.boolean().default(false).describe("subtract the mean gradient's square"),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr'] },
  transformation: ({ lr, alpha, epsilon, epsilon_inside: inside, momentum, centered }) => {
    const divided = (gradient: Tensor, v: Tensor) =>
      divide(gradient, inside ? sqrt(add(v, epsilon)) : add(sqrt(v), epsilon));
    const plain = elementwise({ square: 0 }, () => (gradient, state) => {
      const v = averaged(state.square, square(gradient), alpha);
      return { update: divided(gradient, v), state: { square: v } };
    });
    const aroundMean = elementwise({ square: 0, mean: 0 }, () => (gradient, state) => {
      const v = averaged(state.square, square(gradient), alpha);
      const mean = averaged(state.mean, gradient, alpha);
      // Rounding can take the difference below zero.
      const variance = maximum(0, subtract(v, multiply(mean, mean)));
      return { update: divided(gradient, variance), state: { square: v, mean } };
    });
    const velocity = momentum > 0 ? [trace({ decay: momentum })] : [];
    return chain(centered ? aroundMean : plain, ...velocity, scaleByLearningRate(lr));
  },
});
