import { z } from 'zod';
import { defineWrapper } from '../define-wrapper.js';
import { positive } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { clipByValue } from '../transformations/clip-by-value.js';

/** Every number of the gradient is clipped to [−c, c] (Mikolov 2012). */
export default defineWrapper({
  name: 'clip-value',
  className: 'ClipValue',
  description: 'numbers of the gradient clipped',
  hyperparameters: z.strictObject({
    clip_value: positive().default(1).describe('the largest number c of the gradient'),
  }),
  profile: { tune: ['clip_value'] },
  wrap: (inner, { clip_value: largest }) => chain(clipByValue(largest), inner),
});
