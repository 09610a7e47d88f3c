import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { nonNegative, positiveInteger } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { averageParameters } from '../transformations/average-parameters.js';

/**
 * Evaluated at the mean of the iterates from step s on (Polyak & Juditsky 1992), or with γ > 0 at their average with polynomial
 * decay, θ̄ ← (1 − c) θ̄ + c θ, c = (γ + 1) / (γ + t) (Shamir & Zhang 2013), which forgets the early ones. Before step s: θ itself.
 */
export default defineWrapper({
  name: 'polyak',
  className: 'Polyak',
  description: 'evaluated at the mean of its iterates',
  hyperparameters: z.strictObject({
    polyak_start: positiveInteger().default(1).describe('the first step whose iterate counts'),
    polyak_gamma: nonNegative().default(0).describe('polynomial decay γ of earlier iterates; 0 weighs all alike'),
  }),
  profile: { memory: 1 },
  steps: 'reads',
  wrap: (inner, { polyak_start: start, polyak_gamma: gamma }) =>
    chain(
      inner,
      averageParameters((t) => (t <= start ? 1 : (gamma + 1) / (gamma + t - start + 1))),
    ),
});
