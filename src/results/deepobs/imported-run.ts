import { z } from 'zod';
import { canonicalJson, type JsonValue, sha256Hex } from '../canonical-json.js';
import { curvesOf, type RecordedRun, withSetting } from '../recorded-run.js';
import { runStatusSchema } from '../schema.js';

/** Version of the layout of imported files; a reader refuses any other. */
export const IMPORTED_VERSION = 1;

/** The versions of DeepOBS whose files are told apart by their keys. */
export const DIALECTS = ['deepobs-1.2-beta', 'deepobs-develop', 'deepobs-1.1'] as const;

/** One of the file formats of DeepOBS. */
export type Dialect = (typeof DIALECTS)[number];

const count = z.int().nonnegative();
const measurements = z.array(z.number().nullable());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');

const importedRunShape = z.strictObject({
  testproblem: z.string().min(1),
  batch_size: z.int().positive(),
  num_epochs: count,
  random_seed: count,
  /** Given as weight_decay or l2_reg; null when the problem's own was used. */
  l2_reg: z.number().nullable(),
  /** As in the file. DeepOBS itself goes by the folder, see `label`. */
  optimizer_name: z.string(),
  optimizer_hyperparams: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
  training_params: z.record(z.string(), z.json()),
  train_losses: measurements,
  /** Null where the version of DeepOBS measured no validation set. */
  valid_losses: measurements.nullable(),
  test_losses: measurements,
  minibatch_train_losses: measurements,
  train_accuracies: measurements.nullable(),
  valid_accuracies: measurements.nullable(),
  test_accuracies: measurements.nullable(),
  import_version: z.literal(IMPORTED_VERSION),
  imported_from: z.strictObject({ dialect: z.enum(DIALECTS), file: z.string(), sha256 }),
  /** The optimizer's label: the folder's name, which DeepOBS goes by. */
  label: z.string().min(1),
  integer_hyperparameters: z.array(z.string()),
  /** Inferred: the files do not say how a run ended. */
  status: runStatusSchema,
  /** Keys of a runner of the user's own, as they were but for non-finite numbers (null). */
  further: z.record(z.string(), z.json()),
  /** What was missing in the file and where it was taken from. */
  notes: z.array(z.string()),
  content_digest: sha256,
});

/** A DeepOBS run in strict JSON: what the file said, what was inferred, and from where. */
export type ImportedRun = z.infer<typeof importedRunShape>;

/** An imported run: exactly these keys, and lists as long as the status says. */
export const importedRunSchema = importedRunShape.superRefine((run, context) => {
  const length = run.train_losses.length;
  for (const key of EPOCH_LISTS) {
    const found = run[key]?.length ?? length;
    if (found !== length) fault([key], `${found} entries`, `${length} (as many as train_losses)`);
  }
  const { state, epoch } = run.status;
  if (state === 'completed' && (epoch !== run.num_epochs || length !== run.num_epochs + 1)) {
    fault(['train_losses'], `${length} entries, ${epoch} epochs`, `${run.num_epochs + 1} of a completed run`);
  }
  if (epoch > run.num_epochs) fault(['status', 'epoch'], epoch, `at most ${run.num_epochs} (num_epochs)`);
  function fault(path: string[], found: unknown, expected: string): void {
    context.addIssue({ code: 'custom', path, message: `found ${String(found)}, expected ${expected}` });
  }
});

/** The lists with one value per evaluation. */
export const EPOCH_LISTS = [
  'train_losses',
  'valid_losses',
  'test_losses',
  'train_accuracies',
  'valid_accuracies',
  'test_accuracies',
] as const;

/** Adds the digest over everything else. */
export function sealImportedRun(content: Omit<ImportedRun, 'content_digest'>): ImportedRun {
  return { ...content, content_digest: importedDigest(content) };
}

/** SHA-256 over the canonical JSON of everything but the digest itself. */
export function importedDigest(content: Omit<ImportedRun, 'content_digest'>): string {
  return sha256Hex(canonicalJson(content as JsonValue));
}

/** An imported run as analysis sees it. */
export function recordImportedRun(file: string, run: ImportedRun): RecordedRun {
  const { dialect } = run.imported_from;
  return withSetting({
    file,
    testproblem: run.testproblem,
    optimizer: run.label,
    hyperparameters: run.optimizer_hyperparams,
    trainingParameters: run.training_params,
    seed: run.random_seed,
    batchSize: run.batch_size,
    numEpochs: run.num_epochs,
    l2Reg: run.l2_reg,
    status: run.status,
    curves: curvesOf(run),
    minibatchTrainLosses: run.minibatch_train_losses,
    timing: null,
    conditions: {
      protocol: dialect,
      protocolVersion: null,
      dataSource: run.testproblem.startsWith('quadratic') ? 'generated' : 'real',
      syntheticSize: null,
      dataChecksum: null,
      engine: dialect === 'deepobs-1.1' ? 'tensorflow' : 'pytorch',
      machine: null,
    },
    startedAt: /__([\d-]+)\.json$/.exec(run.imported_from.file)?.[1] ?? '',
  });
}
