import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { learningRate } from '../hyperparameters.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/** Stochastic gradient descent, θ ← θ − lr g (Robbins & Monro 1951). */
export default defineOptimizer({
  name: 'sgd',
  className: 'SGD',
  description: 'stochastic gradient descent',
  hyperparameters: z.strictObject({ lr: learningRate() }),
  transformation: () => scaleByLearningRate(),
});
