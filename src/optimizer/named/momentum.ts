import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { trace } from '../transformations/trace.js';

/** Heavy-ball momentum, v ← μ v + g, θ ← θ − lr v (Polyak 1964; PyTorch's convention: lr outside of v). */
export default defineOptimizer({
  name: 'momentum',
  className: 'Momentum',
  description: 'SGD with heavy-ball momentum',
  hyperparameters: z.strictObject({
    lr: learningRate(),
    momentum: fraction().default(0.9).describe('decay μ of the velocity'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 1, tune: ['lr', 'momentum'] },
  transformation: ({ lr, momentum }) => chain(trace({ decay: momentum }), scaleByLearningRate(lr)),
});
