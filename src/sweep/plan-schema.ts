import { z } from 'zod';
import { ConfigurationError } from '../errors.js';
import { parseOptimizer } from '../optimizer/index.js';
import { keysOf, type RunOption, runOption, type TrainedOptions } from '../run-options/index.js';
import { LARGEST_SEED, MOST_SEEDS, readSeeds, seedTwice, TOO_MANY_SEEDS } from '../seeds.js';
import { asKey, faultText } from '../words.js';
import { pruningSchema } from './plan-pruning.js';
import { resourcesSchema } from './plan-resources.js';
import type { SettingsBlock } from './settings.js';

const VALUES = 'a number, true, false, a text or a list of these';
const value = z.union([z.number(), z.boolean(), z.string()], VALUES);
const block = z.record(z.string(), z.union([value, z.array(value).readonly(), z.null()], VALUES));

/** Options of `run` in a plan: those that say what is trained, but for what plans list. Words are checked when the runs are resolved. */
export type PlanOptions = TrainedOptions;

const kinds = {
  whole: z.number(),
  number: z.number(),
  word: z.string(),
  text: z.string(),
  list: z.array(z.number()),
  switch: z.boolean(),
} satisfies Record<RunOption['takes']['kind'], z.ZodType>;

/** Ranges are checked when the runs are resolved. */
const optionsSchema = z.strictObject(
  Object.fromEntries(
    keysOf('identity', 'lr-schedule', 'schedule').map((key) => [key, kinds[runOption(key).takes.kind].optional()]),
  ),
) as unknown as z.ZodType<PlanOptions, PlanOptions>;

const samplingSchema = z.strictObject({
  method: z.enum(['random', 'halton']).default('random'),
  samples: z.int().min(1).max(100_000),
  seed: z.int().min(0).max(LARGEST_SEED).default(0),
});

/** A name alone stands for an entry with nothing else. */
const named = <Entry extends z.ZodType>(entry: Entry) =>
  z.preprocess((stated) => (typeof stated === 'string' ? { name: stated } : stated), entry);

/** One entry stands for a list of one. */
const listOf = <Entry extends z.ZodType>(entry: Entry) =>
  z.preprocess(
    (stated) => (Array.isArray(stated) || stated === undefined || stated === null ? stated : [stated]),
    z.array(entry).min(1),
  );

const testProblemSchema = z.strictObject({ name: z.string(), options: optionsSchema.default({}) });

const optimizerSchema = z.strictObject({
  name: z.string().superRefine((name, context) => {
    try {
      parseOptimizer(name);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      context.addIssue({ code: 'custom', message: faultText({ ...error.fault, subject: name }, asKey) });
    }
  }),
  /** What tables call the runs of this entry. */
  label: z.string().min(1).optional(),
  testproblems: listOf(z.string()).optional(),
  settings: listOf(block as z.ZodType<SettingsBlock>).default([{}]),
  sampling: samplingSchema.optional(),
  options: optionsSchema.default({}),
});

/** Name of a plan: also that of Slurm jobs and of files. */
export const PLAN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A plan file's content; the user guide (docs/sweeps.md) explains every key. */
export const planSchema = z.strictObject({
  name: z.string().regex(PLAN_NAME, 'letters, digits, ".", "_" and "-"').optional(),
  testproblems: listOf(named(testProblemSchema)),
  optimizers: listOf(named(optimizerSchema)),
  settings: (block as z.ZodType<SettingsBlock>).default({}),
  sampling: samplingSchema.optional(),
  seeds: z
    .preprocess(
      (stated) => (Array.isArray(stated) ? stated : [stated ?? 42]),
      z.array(z.union([z.number(), z.string()])),
    )
    .transform((stated, context) => {
      const seeds: number[] = [];
      for (const entry of stated) {
        const read = readSeeds(String(entry));
        const wrong = typeof read === 'string' ? read : seeds.length + read.length > MOST_SEEDS ? TOO_MANY_SEEDS : null;
        if (wrong !== null) {
          context.addIssue({ code: 'custom', message: wrong });
          return z.NEVER;
        }
        for (const seed of read) seeds.push(Number(seed));
      }
      const twice = seedTwice(seeds);
      if (twice !== undefined)
        context.addIssue({ code: 'custom', message: `found ${twice} twice, expected each seed once` });
      return seeds;
    }),
  options: optionsSchema.default({}),
  output_dir: z.string().min(1).default('results'),
  data_dir: z.string().min(1).optional(),
  /** Whether every run keeps the checkpoint of its last epoch. */
  keep_checkpoint: z.boolean().default(false),
  pruning: pruningSchema.optional(),
  resources: resourcesSchema.prefault({}),
});

/** What a plan file says, checked, with every default filled in but the name's. */
export type PlanContent = z.infer<typeof planSchema>;

/** Seeds as a plan states them: a range where they are one. */
export function statedSeeds(seeds: readonly number[]): string | number | number[] {
  const [first = 42, ...rest] = seeds;
  if (rest.length === 0) return first;
  return rest.every((seed, index) => seed === first + index + 1) ? `${first}-${first + rest.length}` : [...seeds];
}
