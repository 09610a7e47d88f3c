import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FileError } from '../errors.js';
import { eachMetric, laterFields, METRICS, RUN_STATES, readText } from '../results/index.js';
import { expectedBy, pathText } from '../zod-expectation.js';

const count = z.int().nonnegative();
const values = z.array(z.number().nullable());
const setting = z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()]));
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const curvesSchema = z.strictObject({
  ...eachMetric(METRICS, () => values.optional()),
});

const about = {
  testproblem: z.string(),
  /** Absent where it is the default. */
  ...laterFields(),
  optimizer: z.string(),
  batch_size: z.int().positive(),
  num_epochs: count,
  l2_reg: z.number().nullable(),
  hyperparameters: setting,
};

/** Results of others, known by mean and standard deviation over seeds only. */
const publishedSchema = z.strictObject({
  baseline_version: z.literal(1),
  kind: z.literal('published'),
  name: z.string(),
  source: z.string(),
  /** What is known to be wrong with the figures, or particular. */
  defects: z.array(z.string()),
  protocol: z.string(),
  data_source: z.enum(['real', 'synthetic', 'generated']),
  engine: z.string(),
  results: z.array(
    z.strictObject({
      ...about,
      seeds: z.array(count).min(1),
      /** Divided by n, as NumPy does. */
      population_std: curvesSchema,
      mean: curvesSchema,
    }),
  ),
});

/** Results of this project's own runs: everything that is needed to repeat and to check them. */
const ownSchema = z.strictObject({
  baseline_version: z.literal(1),
  kind: z.literal('own'),
  name: z.string(),
  source: z.string(),
  defects: z.array(z.string()),
  suite_version: z.string(),
  protocol_version: z.int().positive(),
  ...about,
  training_parameters: z.record(z.string(), z.json()),
  protocol: z.string(),
  data_source: z.enum(['real', 'synthetic', 'generated']),
  synthetic_size: count.nullable(),
  dataset: z.strictObject({ name: z.string(), verified: z.boolean(), checksum: z.string() }),
  engine: z.string(),
  engine_version: z.string().nullable(),
  node: z.string(),
  /** The command of the first seed; the others differ in --seed only. */
  command: z.string(),
  runs: z.array(
    z.strictObject({
      seed: count,
      status: z.strictObject({
        state: z.enum(RUN_STATES),
        epoch: count,
        step: count.nullable(),
        reason: z.string().nullable(),
      }),
      configuration_hash: sha256,
      started_at: z.string(),
      machine: z.string(),
      curves: curvesSchema,
      training_wall_seconds: z.array(z.number()),
      training_cpu_seconds: z.array(z.number()),
    }),
  ),
});

/** A file of baseline results. */
export const baselineFileSchema = z.discriminatedUnion('kind', [publishedSchema, ownSchema]);

/** A file of baseline results. */
export type BaselineFile = z.infer<typeof baselineFileSchema>;

/** Results that are known by mean and standard deviation only. */
export type PublishedBaseline = z.infer<typeof publishedSchema>;

/** Results of this project's own runs of one setting. */
export type OwnBaseline = z.infer<typeof ownSchema>;

/** The folder of the bundled baselines: beside package.json, the same from src/ and from dist/. */
export function bundledBaselinesFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('probprec/package.json')), 'baselines');
}

/** Reads the baseline files below a folder, in alphabetical order. Throws FileError naming file, field, found, expected. */
export async function readBaselineFiles(folder: string): Promise<BaselineFile[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new FileError(
      { subject: folder, what: 'cannot be read', remedy: 'expected a folder with baseline files' },
      { cause: error },
    );
  });
  const files: BaselineFile[] = [];
  for (const name of names.filter((entry) => entry.endsWith('.json')).sort()) {
    const path = join(folder, name);
    files.push(parseBaselineFile(path, readText(path)));
  }
  return files;
}

/** A baseline file from its text. Throws FileError. */
export function parseBaselineFile(path: string, text: string): BaselineFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new FileError(
      { subject: path, what: 'not valid JSON', remedy: 'expected a baseline file' },
      { cause: error },
    );
  }
  const parsed = baselineFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError({
    subject: `${path}: field ${pathText(issue) || '(whole file)'}`,
    what: `expected ${expectedBy(issue)}`,
  });
}
