import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { nonNegative } from '../hyperparameters.js';
import { sharpnessAware } from '../transformations/sharpness-aware.js';

/** Sharpness-aware minimisation: the gradient at θ + ρ g/‖g‖, on the same minibatch (Foret et al. 2021). */
export default defineWrapper({
  name: 'sam',
  className: 'SAM',
  description: 'the gradient at the worst point near by',
  hyperparameters: z.strictObject({
    sam_rho: nonNegative().default(0.05).describe('how far away the second gradient is taken ρ'),
  }),
  profile: { gradients: 1, tune: ['sam_rho'] },
  wrap: (inner, { sam_rho: rho }) => sharpnessAware(inner, { rho, adaptive: false }),
});
