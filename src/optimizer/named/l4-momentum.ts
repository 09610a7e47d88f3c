import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { l4Fields, l4Options } from '../transformations/l4-hyperparameters.js';
import { scaleByL4 } from '../transformations/scale-by-l4.js';

/** L4Mom (Rolinek & Martius 2018): L4's step size along the bias-corrected average of the gradients. */
export default defineOptimizer({
  name: 'l4-momentum',
  className: 'L4Momentum',
  description: 'momentum with the step size that lowers the loss by a fixed part',
  hyperparameters: z.strictObject({ ...l4Fields }),
  profile: { group: 'tuning-free', gradients: 1, memory: 1, tune: [] },
  transformation: (hyperparameters) => scaleByL4(l4Options(hyperparameters), null),
});
