import { z } from 'zod';
import { nameFault } from './names.js';
import type { EncodedSetting } from './setting-value.js';

const encodedSettingSchema: z.ZodType<EncodedSetting> = z.lazy(() =>
  z.union(
    [
      z.number(),
      z.boolean(),
      z.string(),
      z.null(),
      z.array(encodedSettingSchema),
      z.strictObject({ float: z.enum(['nan', 'inf', '-inf']) }),
      z.strictObject({ dict: z.record(z.string(), encodedSettingSchema) }),
    ],
    { error: 'a value as docs/run-file.md describes it' },
  ),
);

/** A name in a result file: of a test problem, an optimizer, a hyperparameter. */
export const nameSchema = z.string().refine((name) => nameFault(name) === null, {
  error: ({ input }) => nameFault(String(input)) ?? 'a name',
});

/** The hyperparameters in a result file. */
export const encodedSettingsSchema = z.record(nameSchema, encodedSettingSchema);
