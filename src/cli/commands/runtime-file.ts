import { z } from 'zod';
import { FileError } from '../../errors.js';
import type { RuntimeReport } from '../../report/figures/index.js';
import { expectedBy, pathText } from '../../zod-expectation.js';

const numbers = z.array(z.number());

const schema = z.object({
  testproblem: z.string(),
  batch_size: z.number(),
  num_epochs: z.number(),
  repeats: z.number(),
  reference: z.string(),
  method: z.string(),
  optimizers: z.array(
    z.object({
      class_name: z.string(),
      diverged: z.string().nullable(),
      measures: z.array(
        z.object({
          scope: z.string(),
          clock: z.string(),
          seconds: numbers,
          ratio: z
            .object({
              values: numbers,
              mean: z.number(),
              median: z.number(),
              interval: z.tuple([z.number(), z.number()]).nullable(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});

/** What `probprec runtime --json` wrote; null for a file of another kind. Throws FileError for one of this kind that is damaged. */
export function runtimeReport(path: string, text: string): RuntimeReport | null {
  if (!/"warm_up_epochs"\s*:/.test(text)) return null;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new FileError(
      { subject: path, what: 'not valid JSON', remedy: 'expected what probprec runtime --json prints' },
      { cause: error },
    );
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError({
    subject: `${path}: field ${pathText(issue)}`,
    what: `expected ${expectedBy(issue)}, as probprec runtime --json prints it`,
  });
}
