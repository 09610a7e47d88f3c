import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { nonNegative } from '../hyperparameters.js';
import { sharpnessAware } from '../transformations/sharpness-aware.js';

/** Adaptive sharpness-aware minimisation: the gradient at θ + ρ θ² ∘ g / ‖|θ| ∘ g‖, which no scaling of layers changes (Kwon et al. 2021). */
export default defineWrapper({
  name: 'asam',
  className: 'ASAM',
  description: 'the gradient at the worst point near by, in units of the parameters',
  hyperparameters: z.strictObject({
    asam_rho: nonNegative().default(0.5).describe('how far away the second gradient is taken ρ'),
  }),
  profile: { gradients: 1, tune: ['asam_rho'] },
  wrap: (inner, { asam_rho: rho }) => sharpnessAware(inner, { rho, adaptive: true }),
});
