import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { fraction } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { averageParameters } from '../transformations/average-parameters.js';

/**
 * Evaluated at the exponential moving average of the iterates, θ̄ ← d θ̄ + (1 − d) θ. Without the correction θ̄ starts as θ₀, which
 * short trainings never leave; with it θ̄ is divided by the weights so far, 1 − dᵗ, and θ₀ has none (as Adam's moments).
 */
export default defineWrapper({
  name: 'ema',
  className: 'EMA',
  description: 'evaluated at the exponential moving average of its iterates',
  hyperparameters: z.strictObject({
    ema_decay: fraction().default(0.999).describe('decay d of the average in each step'),
    ema_correction: z.boolean().default(true).describe('leave the initial parameters out of the average'),
  }),
  profile: { memory: 1 },
  steps: 'reads',
  wrap: (inner, { ema_decay: decay, ema_correction: correction }) =>
    chain(inner, averageParameters(correction ? (t) => (1 - decay) / (1 - decay ** t) : 1 - decay)),
});
