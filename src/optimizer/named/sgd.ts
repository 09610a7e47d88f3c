import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { learningRate } from '../hyperparameters.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/**
 * Stochastic gradient descent, θ ← θ − lr g (Robbins & Monro 1951). The reference of every comparison runs without an
 * option: its default learning rate is the one of DeepOBS's runtime comparison, for trying things out, not for results.
 */
export default defineOptimizer({
  name: 'sgd',
  className: 'SGD',
  description: 'stochastic gradient descent',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.01) }),
  profile: { group: 'classical', gradients: 1, memory: 0, tune: ['lr'] },
  transformation: ({ lr }) => scaleByLearningRate(lr),
});
