import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { nonNegative } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { decayWeights } from '../transformations/decay-weights.js';

/** Decoupled weight decay, θ ← (1 − lr λ) θ besides the step (Loshchilov & Hutter 2019, as in PyTorch); around adam it is adamw. */
export default defineWrapper({
  name: 'weight-decay',
  className: 'WeightDecay',
  description: 'decoupled weight decay',
  hyperparameters: z.strictObject({
    weight_decay: nonNegative()
      .default(0.01)
      .describe('decoupled weight decay λ, times the learning rate in each step'),
  }),
  profile: { tune: ['weight_decay'] },
  steps: 'moves',
  needsLearningRate: true,
  wrap: (inner, { weight_decay: decay }) => chain(inner, decayWeights(decay)),
});
