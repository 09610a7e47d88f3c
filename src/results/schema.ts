import { z } from 'zod';
import { SCHEDULES, scheduleFields } from '../schedule/index.js';
import { jsonObjectSchema as jsonObject, measurementsSchema as measurements } from './long-values.js';
import { ACCURACIES, eachMetric, LOSSES } from './metrics.js';
import { laterFields, optionField } from './option-fields.js';
import { NOTE, TAG } from './run-label.js';
import { hasEnded, RUN_STATES } from './run-states.js';
import { encodedSettingsSchema as hyperparameters, nameSchema } from './setting-schema.js';

/**
 * Version of the run file's layout; older ones are migrated when they are read, newer ones refused. Version 2 has another
 * configuration_hash: the one of identity.ts, by the values in force.
 */
export const RUN_FILE_VERSION = 2;

export { PROTOCOL_VERSION } from './protocol-version.js';

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
const instant = z.iso.datetime();

const sourceFile = z.strictObject({ file: z.string(), sha256 });

const scheduleSchema = z.strictObject({
  schedule: z.enum(SCHEDULES),
  ...scheduleFields,
});

const configurationSchema = z.strictObject({
  testproblem: nameSchema,
  /** A user's test problem file; absent for the bundled ones. */
  testproblem_source: sourceFile.optional(),
  /** A data set in place of the test problem's own; absent without. */
  dataset: z.strictObject({ name: nameSchema, source: sourceFile.nullable() }).optional(),
  /** Absent where the test problem has one version only, and in files of versions that knew no other. */
  ...laterFields(),
  optimizer: z.strictObject({
    name: nameSchema,
    class_name: nameSchema,
    hyperparameters,
    integer_hyperparameters: z.array(z.string()),
    source: sourceFile.nullable(),
  }),
  seed: optionField('seed'),
  batch_size: optionField('batch_size'),
  num_epochs: optionField('num_epochs'),
  l2_reg: optionField('l2_reg').nullable(),
  l2_reg_given: z.boolean(),
  data: z.strictObject({ source: optionField('data'), synthetic_size: optionField('synthetic_size').nullable() }),
  engine: z.strictObject({ name: optionField('engine'), device: optionField('device') }),
  protocol: optionField('protocol'),
  train_log_interval: optionField('train_log_interval'),
  lr_schedule: z
    .strictObject({ epochs: optionField('lr_schedule_epochs'), factors: optionField('lr_schedule_factors') })
    .nullable(),
  /** Absent without a schedule by name. */
  schedule: scheduleSchema.optional(),
});

/** What became of a run, where it ended and why. */
export const runStatusSchema = z.strictObject({
  state: z.enum(RUN_STATES),
  /** Epochs that were trained completely; num_epochs when completed. */
  epoch: count,
  /** Position in the epoch that was being trained: of a diverged run the step (from 0) whose loss was not finite. */
  step: count.nullable(),
  reason: z.string().nullable(),
});

const datasetSchema = z.strictObject({
  name: z.string(),
  source: z.enum(['real', 'synthetic', 'generated']),
  /** Every file is byte for byte the published one. */
  verified: z.boolean(),
  checksum: z.string(),
  files: z.array(z.strictObject({ path: z.string(), md5: z.string(), published: z.boolean() })),
  synthetic_size: count.nullable(),
  sizes: z.strictObject({ train: count, valid: count, train_eval: count, test: count }),
});

const environmentSchema = z.strictObject({
  node: z.string(),
  platform: z.string(),
  arch: z.string(),
  cpu_model: z.string(),
  cores: z.int().positive(),
  memory_bytes: count,
  engine: z.strictObject({
    name: z.string(),
    device: z.string(),
    threads: count,
    version: z.string().nullable(),
    details: jsonObject,
  }),
});

const commit = z
  .string()
  .regex(/^[0-9a-f]{40,64}$/, 'a git commit')
  .nullable();

const userFile = z.strictObject({ file: z.string(), version: z.string(), commit, dirty: z.boolean().nullable() });

/** Versions of the code, beyond what a run is identified by. */
const provenanceSchema = z.strictObject({
  suite: z.strictObject({ version: z.string(), commit, dirty: z.boolean().nullable() }),
  /** Of a user's optimizer: the first eight digits of its source's hash, and the commit of the repository it lies in. */
  optimizer: userFile.nullable(),
  /** The same of a user's test problem and data set; absent where both are bundled. */
  testproblem: userFile.optional(),
  dataset: userFile.optional(),
});

const runFileShape = z.strictObject({
  testproblem: nameSchema,
  batch_size: optionField('batch_size'),
  num_epochs: optionField('num_epochs'),
  random_seed: optionField('seed'),
  /** As given; null when the problem's own value was used (configuration.l2_reg has the value in force). */
  l2_reg: optionField('l2_reg').nullable(),
  optimizer_name: nameSchema,
  optimizer_hyperparams: hyperparameters,
  training_params: z.strictObject({
    lr_sched_epochs: optionField('lr_schedule_epochs').optional(),
    lr_sched_factors: optionField('lr_schedule_factors').optional(),
    ...scheduleSchema.partial().shape,
  }),
  ...eachMetric(LOSSES, () => measurements),
  minibatch_train_losses: measurements,
  ...eachMetric(ACCURACIES, () => measurements.optional()),
  /** Further quantities that the test problem's loss reports, by name, likewise; absent without. */
  metrics: z
    .record(nameSchema, z.strictObject({ train: measurements, valid: measurements, test: measurements }))
    .optional(),
  schema_version: z.literal(RUN_FILE_VERSION),
  protocol_version: z.int().positive(),
  suite_version: z.string(),
  status: runStatusSchema,
  /** The rule that pruned the run; absent unless one did. */
  pruned_by: z.string().optional(),
  train_log_interval: optionField('train_log_interval'),
  steps_per_epoch: count,
  configuration: configurationSchema,
  configuration_hash: sha256,
  dataset: datasetSchema,
  environment: environmentSchema,
  /** Absent in files of versions that did not record it. */
  provenance: provenanceSchema.optional(),
  started_at: instant,
  finished_at: instant,
  timing: z.strictObject({
    training_wall_seconds: z.array(seconds),
    training_cpu_seconds: z.array(seconds),
    /** Cores that other processes kept busy meanwhile, on average over an epoch; absent in older files. */
    training_other_cores: z.array(seconds).optional(),
    evaluation_wall_seconds: z.array(seconds),
    evaluation_cpu_seconds: z.array(seconds),
  }),
  peak_memory_bytes: count.nullable(),
  /** What the optimizer reported about itself (for instance α, w, λ, σ per estimation), one object per epoch. */
  optimizer_log: z.array(jsonObject),
  /** What observers measured along training (run --observe), in the form of optimizer_log; absent without them. */
  observations: z.array(jsonObject).optional(),
  /** How often training evaluated the loss of a minibatch; absent where the optimizer does not count. */
  evaluations: z.strictObject({ gradients: count, products: count, losses: count }).optional(),
  /** `own` where the optimizer evaluates at a point of its own, such as an average; absent where it is the training point. */
  evaluation_point: z.literal('own').optional(),
  /** Where the run was taken up again from a checkpoint. */
  /** What the user called the run; absent without. */
  tags: z.array(z.string().regex(TAG, 'a tag')).optional(),
  note: z.string().regex(NOTE, 'a line').optional(),
  resumed: z.array(
    z.strictObject({
      epoch: count,
      /** Steps of the epoch after that, where it was under way; absent between two epochs. */
      step: count.optional(),
      at: instant,
      /** What computed the epochs before, where it was another version or lowering of the engine. */
      engine_before: z
        .strictObject({ version: z.string().nullable(), details: z.record(z.string(), z.json()) })
        .optional(),
    }),
  ),
  content_digest: sha256,
});

/** The content of a run file. Non-finite numbers are null; epoch lists start with the value before training. */
export type RunFile = z.infer<typeof runFileShape>;

/** Versions of the code that a run was trained with. */
export type Provenance = z.infer<typeof provenanceSchema>;

/** How a run ended. */
export type RunStatus = z.infer<typeof runStatusSchema>;

/** The run file, version 2: exactly these keys, and lists as long as the status says. */
export const runFileSchema = runFileShape.superRefine((file, context) => {
  const fault = (path: readonly string[], found: unknown, expected: string) =>
    context.addIssue({
      code: 'custom',
      path: [...path],
      params: { whole: true },
      message: `found ${String(found)}, expected ${expected}`,
    });
  checkListLengths(file, (path, length, [least, most], why) => {
    if (length >= least && length <= most) return;
    const range = most === least ? '' : most === least + 1 ? ` or ${most}` : ` to ${most}`;
    fault(path, `${length} entries`, `${least}${range} (${why()})`);
  });
  for (const [key, found, expected] of repeatedValues(file)) {
    if (found !== expected) fault([key], found, `${expected} as in configuration`);
  }
  const { state, epoch, reason } = file.status;
  if (state === 'completed' ? epoch !== file.num_epochs : epoch > file.num_epochs) {
    fault(['status', 'epoch'], epoch, `${state === 'completed' ? '' : 'at most '}${file.num_epochs} (num_epochs)`);
  }
  if (state !== 'completed' && reason === null) fault(['status', 'reason'], 'null', `why the run is ${state}`);
});

/** What a list has to be long: told of every list, in words only where it is wrong. */
type LengthCheck = (
  path: readonly string[],
  length: number,
  allowed: readonly [least: number, most: number],
  why: () => string,
) => void;

function checkListLengths(file: RunFile, check: LengthCheck): void {
  const { status, timing } = file;
  const { state, epoch } = status;
  const { train_losses: first } = file;
  const asFirst = [first.length, first.length] as const;
  const asFirstWhy = () => 'as many as train_losses';
  if (hasEnded(state)) {
    const why = () => `one before training and one for each of ${epoch} epochs`;
    check(['train_losses'], first.length, [epoch + 1, epoch + 1], why);
  } else {
    check(['train_losses'], first.length, [epoch, epoch + 1], () => `${epoch} epochs were trained`);
  }
  const { train_losses: _, ...others } = eachMetric(LOSSES, (name) => file[name]);
  for (const [key, list] of Object.entries({ ...others, ...accuracyLists(file) })) {
    check([key], list?.length ?? 0, asFirst, asFirstWhy);
  }
  for (const [name, sets] of Object.entries(file.metrics ?? {})) {
    for (const [set, list] of Object.entries(sets)) check(['metrics', name, set], list.length, asFirst, asFirstWhy);
  }
  for (const key of ['evaluation_wall_seconds', 'evaluation_cpu_seconds'] as const) {
    check(['timing', key], timing[key].length, asFirst, asFirstWhy);
  }
  const trained = () => `${epoch} epochs were trained${state === 'completed' ? '' : ', perhaps one in part'}`;
  for (const key of ['training_wall_seconds', 'training_cpu_seconds'] as const) {
    check(['timing', key], timing[key].length, [epoch, state === 'completed' ? epoch : epoch + 1], trained);
  }
  const perLog = Math.ceil(file.steps_per_epoch / file.train_log_interval);
  const logged = [epoch * perLog, (epoch + (state === 'completed' ? 0 : 1)) * perLog] as const;
  check(['minibatch_train_losses'], file.minibatch_train_losses.length, logged, () => `${perLog} in each epoch`);
}

/** The accuracy lists of a problem that has accuracies; a problem without has none of the three. */
function accuracyLists(file: RunFile) {
  const lists = eachMetric(ACCURACIES, (name) => file[name]);
  return Object.values(lists).every((list) => list === undefined) ? {} : lists;
}

/** DeepOBS's keys that repeat the configuration: they must say the same. */
function repeatedValues(file: RunFile): [key: string, found: unknown, expected: unknown][] {
  const { configuration } = file;
  const text = JSON.stringify;
  return [
    ['testproblem', file.testproblem, configuration.testproblem],
    ['batch_size', file.batch_size, configuration.batch_size],
    ['num_epochs', file.num_epochs, configuration.num_epochs],
    ['random_seed', file.random_seed, configuration.seed],
    ['l2_reg', file.l2_reg, configuration.l2_reg_given ? configuration.l2_reg : null],
    ['optimizer_name', file.optimizer_name, configuration.optimizer.class_name],
    ['optimizer_hyperparams', text(file.optimizer_hyperparams), text(configuration.optimizer.hyperparameters)],
    ['train_log_interval', file.train_log_interval, configuration.train_log_interval],
  ];
}
