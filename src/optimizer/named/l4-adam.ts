import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, positive } from '../hyperparameters.js';
import { l4Fields, l4Options } from '../transformations/l4-hyperparameters.js';
import { scaleByAdam } from '../transformations/scale-by-adam.js';
import { scaleByL4 } from '../transformations/scale-by-l4.js';

/** L4Adam (Rolinek & Martius 2018): L4's step size along Adam's direction, with ε = 10⁻⁴ as its authors use. */
export default defineOptimizer({
  name: 'l4-adam',
  className: 'L4Adam',
  description: 'Adam with the step size that lowers the loss by a fixed part',
  hyperparameters: z.strictObject({
    ...l4Fields,
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-4).describe('added to the root of the second moment'),
  }),
  profile: { group: 'tuning-free', gradients: 1, memory: 3, tune: [] },
  transformation: (hyperparameters) => {
    const { beta1, beta2, epsilon } = hyperparameters;
    return scaleByL4(l4Options(hyperparameters), scaleByAdam({ beta1, beta2, epsilon }));
  },
});
