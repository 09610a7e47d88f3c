import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { nonNegative, positive } from '../hyperparameters.js';
import { mechanic } from '../transformations/mechanic.js';

/** Mechanic learns the scale of another optimizer's steps, so that its learning rate needs no tuning (Cutkosky et al. 2023). */
export default defineWrapper({
  name: 'mechanic',
  className: 'Mechanic',
  description: 'steps scaled by a learned factor',
  hyperparameters: z.strictObject({
    mechanic_s_init: positive().default(1e-6).describe('first scale'),
    mechanic_decay: nonNegative().default(0.01).describe('pull towards zero λ in the learning of the scale'),
    mechanic_epsilon: positive().default(1e-8).describe('keeps quotients finite'),
  }),
  profile: { memory: 1 },
  wrap: (inner, { mechanic_s_init: initial, mechanic_decay: decay, mechanic_epsilon: epsilon }) =>
    mechanic(inner, { initial, decay, epsilon }),
});
