import type { DatasetRecord, SplitSizes } from '../dataset/dataset.js';
import { canonicalJson, type JsonValue, sha256Hex, toJsonValue } from './canonical-json.js';
import { configurationToJson, type RunConfiguration } from './configuration.js';
import { describeMachine } from './environment.js';
import { hashConfiguration } from './identity.js';
import { ACCURACIES, EVALUATED_SETS, eachMetric, LOSSES, type UsualMetric } from './metrics.js';
import type { RunLabel } from './run-label.js';
import { PROTOCOL_VERSION, type Provenance, RUN_FILE_VERSION, type RunFile, type RunStatus } from './schema.js';
import { encodeSettings } from './setting-value.js';
import { suiteVersion } from './version.js';

/** Everything that a run hands over when it ends, completed or not. */
export interface RunParts {
  readonly configuration: RunConfiguration;
  readonly status: RunStatus;
  readonly stepsPerEpoch: number;
  readonly losses: PhaseLists;
  /** Null for a problem that has no accuracy. */
  readonly accuracies: PhaseLists | null;
  /** Further quantities that the test problem reports, by name; none where it is absent or empty. */
  readonly metrics?: Readonly<Record<string, PhaseLists>>;
  readonly minibatchTrainLosses: ArrayLike<number>;
  readonly dataset: DatasetRecord;
  readonly datasetSizes: SplitSizes;
  readonly engine: {
    readonly name: string;
    readonly device: string;
    readonly threads: number;
    readonly version: string | null;
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly provenance?: Provenance | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly timing: {
    readonly trainingWallSeconds: ArrayLike<number>;
    readonly trainingCpuSeconds: ArrayLike<number>;
    readonly trainingOtherCores?: ArrayLike<number>;
    readonly evaluationWallSeconds: ArrayLike<number>;
    readonly evaluationCpuSeconds: ArrayLike<number>;
  };
  readonly peakMemoryBytes: number | null;
  readonly optimizerLog: readonly object[];
  /** What observers measured; none where it is absent or empty. */
  readonly observations?: readonly ObservedStep[];
  /** Gradients, Hessian-vector products and losses that training evaluated, where the optimizer counts them. */
  readonly evaluations?: Readonly<NonNullable<RunFile['evaluations']>> | undefined;
  /** Whether the optimizer evaluates at another point than it trains; default no. */
  readonly evaluatesElsewhere?: boolean;
  readonly resumed: RunFile['resumed'];
  readonly label?: RunLabel | undefined;
}

/** What observers measured after a step of an epoch, and what that took beside the training. */
export interface ObservedStep {
  readonly epoch: number;
  readonly step: number;
  readonly values: Readonly<Record<string, number | null>>;
  readonly cost: { readonly gradients: number; readonly products: number; readonly seconds: number };
}

/** One value per evaluation (before training and after every epoch) of the three evaluated sets. */
export interface PhaseLists {
  readonly train: ArrayLike<number | null>;
  readonly valid: ArrayLike<number | null>;
  readonly test: ArrayLike<number | null>;
}

/** The lists of the sets that are evaluated, in the order of the names. */
function bySet<Name extends UsualMetric>(names: readonly Name[], lists: PhaseLists): Record<Name, (number | null)[]> {
  return eachMetric(names, (name) => finite(lists[EVALUATED_SETS[names.indexOf(name)] ?? 'train']));
}

/** The run file of a run: DeepOBS's keys first, non-finite numbers as null, hash and digest filled in. */
export function buildRunFile(parts: RunParts): RunFile {
  const { configuration, losses, accuracies, dataset, datasetSizes, engine, timing } = parts;
  const schedule = configuration.lrSchedule;
  const content: Omit<RunFile, 'content_digest'> = {
    testproblem: configuration.testproblem,
    batch_size: configuration.batchSize,
    num_epochs: configuration.numEpochs,
    random_seed: configuration.seed,
    l2_reg: configuration.l2RegGiven ? configuration.l2Reg : null,
    optimizer_name: configuration.optimizer.className,
    optimizer_hyperparams: encodeSettings(configuration.optimizer.hyperparameters) as RunFile['optimizer_hyperparams'],
    training_params: {
      ...(schedule === null ? {} : { lr_sched_epochs: [...schedule.epochs], lr_sched_factors: [...schedule.factors] }),
      ...configuration.schedule,
    },
    ...bySet(LOSSES, losses),
    minibatch_train_losses: finite(parts.minibatchTrainLosses),
    ...(accuracies === null ? {} : bySet(ACCURACIES, accuracies)),
    ...furtherMetrics(parts.metrics ?? {}),
    schema_version: RUN_FILE_VERSION,
    protocol_version: PROTOCOL_VERSION,
    suite_version: suiteVersion(),
    status: parts.status,
    train_log_interval: configuration.trainLogInterval,
    steps_per_epoch: parts.stepsPerEpoch,
    configuration: configurationToJson(configuration) as RunFile['configuration'],
    configuration_hash: hashConfiguration(configuration),
    dataset: {
      name: dataset.name,
      source: dataset.source,
      verified: dataset.verified,
      checksum: dataset.checksum,
      files: dataset.files.map(({ path, md5, published }) => ({ path, md5, published })),
      synthetic_size: dataset.syntheticSize,
      sizes: {
        train: datasetSizes.train,
        valid: datasetSizes.valid,
        train_eval: datasetSizes.trainEval,
        test: datasetSizes.test,
      },
    },
    environment: {
      ...describeMachine(),
      engine: {
        name: engine.name,
        device: engine.device,
        threads: engine.threads,
        version: engine.version,
        details: jsonObject(engine.details),
      },
    },
    ...(parts.provenance === undefined ? {} : { provenance: parts.provenance }),
    started_at: parts.startedAt.toISOString(),
    finished_at: parts.finishedAt.toISOString(),
    timing: {
      training_wall_seconds: Array.from(timing.trainingWallSeconds),
      training_cpu_seconds: Array.from(timing.trainingCpuSeconds),
      ...(timing.trainingOtherCores === undefined
        ? {}
        : { training_other_cores: Array.from(timing.trainingOtherCores) }),
      evaluation_wall_seconds: Array.from(timing.evaluationWallSeconds),
      evaluation_cpu_seconds: Array.from(timing.evaluationCpuSeconds),
    },
    peak_memory_bytes: parts.peakMemoryBytes,
    optimizer_log: parts.optimizerLog.map(jsonObject),
    ...observationsByEpoch(parts.observations ?? []),
    ...(parts.evaluations === undefined ? {} : { evaluations: { ...parts.evaluations } }),
    ...(parts.evaluatesElsewhere ? { evaluation_point: 'own' as const } : {}),
    ...(parts.label?.tags === undefined ? {} : { tags: [...parts.label.tags] }),
    ...(parts.label?.note === undefined ? {} : { note: parts.label.note }),
    resumed: [...parts.resumed],
  };
  return { ...content, content_digest: contentDigest(content) };
}

/** SHA-256 over the canonical JSON of everything in the file but the digest itself. */
export function contentDigest(content: Omit<RunFile, 'content_digest'>): string {
  return sha256Hex(canonicalJson(content as JsonValue));
}

/**
 * What two runs of one configuration must agree in: the run file without times (those in the optimizer's log included),
 * memory, commits and the digest over them.
 */
export function reproducibleContent(runFile: RunFile) {
  const { started_at, finished_at, timing, peak_memory_bytes, resumed, provenance, content_digest, ...others } =
    runFile;
  const { optimizer_log, observations, ...rest } = others;
  const timeless = (log: readonly object[]) => log.map((entry) => withoutSeconds(entry as JsonValue));
  return {
    ...rest,
    optimizer_log: timeless(optimizer_log),
    ...(observations === undefined ? {} : { observations: timeless(observations) }),
  };
}

/** Optimizers report times of their own under the key `seconds`. */
function withoutSeconds(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSeconds);
  const entries = Object.entries(value).filter(([key]) => key !== 'seconds');
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutSeconds(entry)]));
}

function finite(values: ArrayLike<number | null>): (number | null)[] {
  return Array.from(values, (value) => (value !== null && Number.isFinite(value) ? value : null));
}

function furtherMetrics(metrics: Readonly<Record<string, PhaseLists>>): Pick<RunFile, 'metrics'> {
  const entries = Object.entries(metrics).map(([name, { train, valid, test }]) => {
    return [name, { train: finite(train), valid: finite(valid), test: finite(test) }] as const;
  });
  return entries.length === 0 ? {} : { metrics: Object.fromEntries(entries) };
}

/** An entry for each epoch with observations, in the form of an optimizer's log. */
function observationsByEpoch(observed: readonly ObservedStep[]): Pick<RunFile, 'observations'> {
  if (observed.length === 0) return {};
  const epochs = [...new Set(observed.map(({ epoch }) => epoch))];
  const observations = epochs.map((epoch) =>
    jsonObject({
      epoch,
      observations: observed
        .filter((own) => own.epoch === epoch)
        .map(({ step, values, cost: { seconds, ...counts } }) => ({ step, ...values, cost: { ...counts, seconds } })),
    }),
  );
  return { observations };
}

function jsonObject(value: object): RunFile['optimizer_log'][number] {
  return toJsonValue(value) as RunFile['optimizer_log'][number];
}
