import { canonicalJson, type JsonValue } from './canonical-json.js';
import type { RunFile, RunStatus } from './schema.js';
import { decodeSettings, type SettingValue } from './setting-value.js';

/** The curves of a run: one value per evaluation, the first before training. */
export const METRICS = [
  'train_losses',
  'valid_losses',
  'test_losses',
  'train_accuracies',
  'valid_accuracies',
  'test_accuracies',
] as const;

/** One of the six curves, by DeepOBS's name. */
export type Metric = (typeof METRICS)[number];

/** What results depend on besides test problem, optimizer and setting. */
export interface Conditions {
  /** probprec, deepobs-beta (our own reproduction of it) or the DeepOBS version that wrote the file. */
  readonly protocol: string;
  readonly protocolVersion: number | null;
  readonly dataSource: 'real' | 'synthetic' | 'generated';
  readonly syntheticSize: number | null;
  /** Engine and device, for instance `onnxruntime cpu`. */
  readonly engine: string;
  /** Processor and threads, null when unknown; times are comparable only where it is equal. */
  readonly machine: string | null;
  /** Of a DeepOBS run whose file states another test problem than its folder; the folder's name is the label. */
  readonly statedTestproblem?: string;
  /** Of a DeepOBS run whose file states another optimizer than its folder. */
  readonly statedOptimizer?: string;
  /** Of a DeepOBS run of which another folder has another run of the same setting and seed: which of them it lay in. */
  readonly folder?: string;
}

/** A run as analysis sees it, whoever wrote the file. */
export interface RecordedRun {
  /** Where it was read from. */
  readonly file: string;
  readonly testproblem: string;
  /** The optimizer's label: class name, as in folders; of TensorFlow's classes the alias (docs/deepobs.md). */
  readonly optimizer: string;
  /** Of a DeepOBS run: the names in file and folder from which the labels were made. */
  readonly stated?: {
    readonly testproblem: string | null;
    readonly optimizer: string;
    readonly optimizerFolder: string;
  };
  readonly hyperparameters: Readonly<Record<string, SettingValue>>;
  readonly trainingParameters: Readonly<Record<string, JsonValue>>;
  readonly seed: number;
  readonly batchSize: number;
  readonly numEpochs: number;
  /** As given; null when the problem's own was used. */
  readonly l2Reg: number | null;
  readonly status: RunStatus;
  /** Null for a curve that was not measured at all. */
  readonly curves: Readonly<Record<Metric, readonly (number | null)[] | null>>;
  /** Seconds of training alone, per epoch; null when the file has none (DeepOBS). */
  readonly timing: { readonly wallSeconds: readonly number[]; readonly cpuSeconds: readonly number[] } | null;
  readonly conditions: Conditions;
  /** Equal for runs that differ in the seed only (and in where they ran). */
  readonly setting: string;
  /** For choosing among files of the same run: ISO time, or the time in a DeepOBS file name. */
  readonly startedAt: string;
}

/** A run file as analysis sees it. */
export function recordRunFile(file: string, content: RunFile): RecordedRun {
  const { configuration, environment, dataset, timing } = content;
  const { engine } = environment;
  return withSetting({
    file,
    testproblem: content.testproblem,
    optimizer: content.optimizer_name,
    hyperparameters: decodeSettings(content.optimizer_hyperparams),
    trainingParameters: content.training_params as Record<string, JsonValue>,
    seed: content.random_seed,
    batchSize: content.batch_size,
    numEpochs: content.num_epochs,
    l2Reg: content.l2_reg,
    status: content.status,
    curves: curvesOf(content),
    timing: { wallSeconds: timing.training_wall_seconds, cpuSeconds: timing.training_cpu_seconds },
    conditions: {
      protocol: configuration.protocol,
      protocolVersion: content.protocol_version,
      dataSource: dataset.source,
      syntheticSize: dataset.synthetic_size,
      engine: `${engine.name} ${engine.device}`,
      machine: `${environment.cpu_model}, ${engine.threads} threads`,
    },
    startedAt: content.started_at,
    source: configuration.optimizer.source?.sha256 ?? null,
  });
}

/** The curves of anything that has DeepOBS's keys. */
export function curvesOf(lists: Readonly<Partial<Record<Metric, readonly (number | null)[] | null>>>) {
  const entries = METRICS.map((metric) => [metric, lists[metric] ?? null] as const);
  return Object.fromEntries(entries) as Record<Metric, readonly (number | null)[] | null>;
}

/** Adds the setting's identity; `source` tells user optimizers of one class name apart. */
export function withSetting({
  source,
  ...run
}: Omit<RecordedRun, 'setting'> & { readonly source: string | null }): RecordedRun {
  const { hyperparameters, trainingParameters, batchSize, numEpochs, l2Reg } = run;
  const identity = { hyperparameters, trainingParameters, batchSize, numEpochs, l2Reg, source };
  return { ...run, setting: canonicalJson(identity) };
}
