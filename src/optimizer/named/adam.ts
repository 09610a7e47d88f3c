import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { scaleByAdam } from '../transformations/scale-by-adam.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/** Adam, adaptive moment estimation with bias correction (Kingma & Ba 2015). */
export default defineOptimizer({
  name: 'adam',
  className: 'Adam',
  description: 'adaptive moment estimation',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the first moment'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon }) =>
    chain(scaleByAdam({ beta1, beta2, epsilon }), scaleByLearningRate(lr)),
});
