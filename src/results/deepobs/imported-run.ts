import { z } from 'zod';
import { canonicalJson, type JsonValue, sha256Hex } from '../canonical-json.js';
import { jsonObjectSchema as jsonObject, measurementsSchema as measurements } from '../long-values.js';
import { ACCURACIES, eachMetric, LOSSES, METRICS } from '../metrics.js';
import { runStatusSchema } from '../schema.js';
import { encodedSettingsSchema, nameSchema } from '../setting-schema.js';
import { DIALECTS, ENGINES } from './dialect.js';

/** Version of the layout of imported files; {@link ./migrate-import.ts} brings older ones up to it. */
export const IMPORTED_VERSION = 2;

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');

/** What gives the original file back byte for byte, besides the values. */
const originalSchema = z.strictObject({
  /** Spaces for each level; null for a file on one line. */
  indent: z.int().nonnegative().max(16).nullable(),
  /** White space after the last brace. */
  ending: z.string().max(16),
  /** The keys in their order, with the text of the value; null for the lists of losses and accuracies. */
  members: z.array(z.tuple([z.string(), z.string().nullable()])),
  /** Positions of infinite values in the lists, in which every value that is not finite is null. */
  infinities: z.array(z.tuple([z.string(), z.enum(['inf', '-inf']), z.array(count)])),
});

const importedRunShape = z.strictObject({
  /** The test problem's label: the folder's name, which DeepOBS goes by. */
  testproblem: nameSchema,
  /** What the file itself says; null when it says nothing. */
  stated_testproblem: nameSchema.nullable(),
  batch_size: z.int().positive(),
  num_epochs: count,
  random_seed: count,
  /** Given as weight_decay or l2_reg; null when the problem's own was used. */
  l2_reg: z.number().nullable(),
  /** As in the file. DeepOBS itself goes by the folder, see `label`. */
  optimizer_name: nameSchema,
  optimizer_hyperparams: encodedSettingsSchema,
  training_params: encodedSettingsSchema,
  ...eachMetric(LOSSES, () => measurements),
  /** Null where the version of DeepOBS measured no validation set. */
  valid_losses: measurements.nullable(),
  minibatch_train_losses: measurements,
  ...eachMetric(ACCURACIES, () => measurements.nullable()),
  import_version: z.literal(IMPORTED_VERSION),
  imported_from: z.strictObject({
    dialect: z.enum(DIALECTS),
    engine: z.enum(ENGINES),
    file: nameSchema,
    /** Name of the setting's folder; null for a file that did not lie as DeepOBS lays it out. */
    setting: nameSchema.nullable(),
    sha256,
  }),
  /** The optimizer's label: the folder's name, which DeepOBS goes by. */
  label: nameSchema,
  /** Names, and `name/0` for an entry of a list, of the values that are written as Python writes an int. */
  integer_hyperparameters: z.array(z.string()),
  /** Inferred: the files do not say how a run ended. */
  status: runStatusSchema,
  /** Keys of a runner of the user's own, as they were but for non-finite numbers (null). */
  further: jsonObject,
  /** What was missing in the file and where it was taken from, and where folder and file disagree. */
  notes: z.array(z.string()),
  /** Null in files of import version 1. */
  original: originalSchema.nullable(),
  content_digest: sha256,
});

/** A DeepOBS run in strict JSON: what the file said, what was inferred, and from where. */
export type ImportedRun = z.infer<typeof importedRunShape>;

/** What gives an original file back, see {@link ImportedRun}. */
export type OriginalLayout = z.infer<typeof originalSchema>;

/** A DeepOBS run that was read where it lies: what needs the whole text of the file is left out. */
export type DeepobsRun = Omit<ImportedRun, 'content_digest' | 'original' | 'imported_from'> & {
  readonly imported_from: Omit<ImportedRun['imported_from'], 'sha256'>;
};

/** An imported run: exactly these keys, and lists as long as the status says. */
export const importedRunSchema = importedRunShape.superRefine((run, context) => {
  const length = run.train_losses.length;
  for (const key of METRICS) {
    const found = run[key]?.length ?? length;
    if (found !== length) fault([key], `${found} entries`, `${length} (as many as train_losses)`);
  }
  const { state, epoch } = run.status;
  if (state === 'completed' && (epoch !== run.num_epochs || length !== run.num_epochs + 1)) {
    fault(['train_losses'], `${length} entries, ${epoch} epochs`, `${run.num_epochs + 1} of a completed run`);
  }
  if (epoch > run.num_epochs) fault(['status', 'epoch'], epoch, `at most ${run.num_epochs} (num_epochs)`);
  function fault(path: string[], found: unknown, expected: string): void {
    context.addIssue({
      code: 'custom',
      path,
      params: { whole: true },
      message: `found ${String(found)}, expected ${expected}`,
    });
  }
});

/** Every list of measured values. */
export const MEASURED_LISTS: ReadonlySet<string> = new Set([...METRICS, 'minibatch_train_losses']);

/** Adds the digest over everything else. */
export function sealImportedRun(content: Omit<ImportedRun, 'content_digest'>): ImportedRun {
  return { ...content, content_digest: importedDigest(content) };
}

/** SHA-256 over the canonical JSON of everything but the digest itself. */
export function importedDigest(content: Omit<ImportedRun, 'content_digest'>): string {
  return sha256Hex(canonicalJson(content as JsonValue));
}
