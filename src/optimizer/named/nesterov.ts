import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { trace } from '../transformations/trace.js';

/** Nesterov momentum, v ← μ v + g, θ ← θ − lr (g + μ v) (Sutskever et al. 2013, in PyTorch's form). */
export default defineOptimizer({
  name: 'nesterov',
  className: 'Nesterov',
  description: "SGD with Nesterov's momentum",
  hyperparameters: z.strictObject({
    lr: learningRate(),
    momentum: fraction().default(0.9).describe('decay μ of the velocity'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr', 'momentum'] },
  transformation: ({ lr, momentum }) => chain(trace({ decay: momentum, nesterov: true }), scaleByLearningRate(lr)),
});
