import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { clipByGlobalNorm } from '../transformations/clip-by-global-norm.js';

/** The gradient is shortened to the norm c over all parameters where it is longer, g ← g min(1, c / ‖g‖) (Pascanu et al. 2013). */
export default defineWrapper({
  name: 'clip-norm',
  className: 'ClipNorm',
  description: 'gradients shortened to a norm',
  hyperparameters: z.strictObject({
    clip_norm: positive().default(1).describe("the gradient's largest norm c, over all parameters"),
  }),
  profile: { tune: ['clip_norm'] },
  wrap: (inner, { clip_norm: largest }) => chain(clipByGlobalNorm(largest), inner),
});
