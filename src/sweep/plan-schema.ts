import { z } from 'zod';
import { ConfigurationError } from '../errors.js';
import { parseOptimizer } from '../optimizer/index.js';
import { scheduleFields } from '../schedule/index.js';
import { pruningSchema } from './plan-pruning.js';
import { resourcesSchema } from './plan-resources.js';
import type { SettingsBlock } from './settings.js';

const LARGEST_SEED = 0xffff_ffff;
const MOST_SEEDS = 100_000;
const TOO_MANY_SEEDS = `found more than ${MOST_SEEDS} seeds, expected fewer`;

const VALUES = 'a number, true, false, a text or a list of these';
const value = z.union([z.number(), z.boolean(), z.string()], VALUES);
const block = z.record(z.string(), z.union([value, z.array(value).readonly(), z.null()], VALUES));

/** Any option of `run` that is part of a run's identity; ranges are checked when the runs are resolved. */
const optionsSchema = z.strictObject({
  /** In place of the test problem's own: a name or a file. */
  dataset: z.string().optional(),
  variant: z.string().optional(),
  init: z.string().optional(),
  num_epochs: z.number().optional(),
  batch_size: z.number().optional(),
  l2_reg: z.number().optional(),
  lr_schedule_epochs: z.array(z.number()).optional(),
  lr_schedule_factors: z.array(z.number()).optional(),
  schedule: z.string().optional(),
  ...scheduleFields,
  data: z.string().optional(),
  synthetic_size: z.number().optional(),
  engine: z.string().optional(),
  device: z.string().optional(),
  protocol: z.string().optional(),
  train_log_interval: z.number().optional(),
});

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
      context.addIssue({ code: 'custom', message: error.message.replace(/^--optimizer /, '') });
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
      const seen = new Set<number>();
      const twice = seeds.find((seed) => seen.size === seen.add(seed).size);
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

/** Options of run in a plan; what is absent was not stated. */
export type PlanOptions = z.infer<typeof optionsSchema>;

/** What a plan file says, checked, with every default filled in but the name's. */
export type PlanContent = z.infer<typeof planSchema>;

/** Seeds as texts state them: `42`, `42-51`, or several with commas; else what is wrong, in words. */
export function readSeeds(text: string): number[] | string {
  const wrong = `found ${JSON.stringify(text)}, expected seeds from 0 to ${LARGEST_SEED}: 42, 42-51 or 42,45-47`;
  const seeds: number[] = [];
  for (const part of text.split(',')) {
    const range = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || last > LARGEST_SEED || first > last) return wrong;
    if (last - first >= MOST_SEEDS - seeds.length) return TOO_MANY_SEEDS;
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  return seeds;
}

/** Seeds as a plan states them: a range where they are one. */
export function statedSeeds(seeds: readonly number[]): string | number | number[] {
  const [first = 42, ...rest] = seeds;
  if (rest.length === 0) return first;
  return rest.every((seed, index) => seed === first + index + 1) ? `${first}-${first + rest.length}` : [...seeds];
}
