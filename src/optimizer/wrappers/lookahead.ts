import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { positiveInteger } from '../hyperparameters.js';
import { lookahead } from '../transformations/lookahead.js';

/** Lookahead: every k steps φ ← φ + α (θ − φ) and θ ← φ; evaluated at φ (Zhang et al. 2019, algorithm 1). */
export default defineWrapper({
  name: 'lookahead',
  className: 'Lookahead',
  description: 'drawn back to slow weights, at which it is evaluated',
  hyperparameters: z.strictObject({
    lookahead_steps: positiveInteger().default(5).describe('steps between two synchronizations k'),
    lookahead_alpha: z.number().positive().max(1).default(0.5).describe('how far the slow weights follow α'),
  }),
  profile: { memory: 1 },
  steps: 'moves',
  wrap: (inner, { lookahead_steps: steps, lookahead_alpha: alpha }) => lookahead(inner, { steps, alpha }),
});
