import type { JsonValue } from './canonical-json.js';
import { configurationFromJson, problemSource } from './configuration.js';
import { defaultL2, frameworkDefaults } from './deepobs/defaults.js';
import { settingIdentity } from './identity.js';
import { EVALUATED_SETS, METRICS, type Metric, type UsualMetric } from './metrics.js';
import { type ProblemVersion, problemVersion } from './problem-version.js';
import type { RunFile, RunStatus } from './schema.js';
import { decodeSettings, type SettingValue } from './setting-value.js';

/** A list with one number per evaluation; null where it was not finite. */
type Curve = readonly (number | null)[];

/** The metrics of some curves: the usual ones first, then further ones in the order in which they are reported. */
export function metricsOf(curves: Readonly<Partial<Record<Metric, unknown>>>): Metric[] {
  const further = Object.keys(curves).filter((name) => !(METRICS as readonly string[]).includes(name));
  return [...METRICS, ...(further as Metric[])];
}

/** Those that are none of {@link METRICS}. */
export function furtherMetricsOf(curves: Readonly<Partial<Record<Metric, unknown>>>): Metric[] {
  return metricsOf(curves).slice(METRICS.length);
}

/** What results depend on besides test problem, optimizer and setting. */
export interface Conditions extends ProblemVersion {
  /** probprec, deepobs-beta (our own reproduction of it) or the DeepOBS version that wrote the file. */
  readonly protocol: string;
  readonly protocolVersion: number | null;
  readonly dataSource: 'real' | 'synthetic' | 'generated';
  readonly syntheticSize: number | null;
  /** Checksum of data files that are not the published ones, or of synthetic images; null for published or unknown files. */
  readonly dataChecksum: string | null;
  /** Engine and device, for instance `onnxruntime cpu`. */
  readonly engine: string;
  /** Processor and threads, null when unknown; times are comparable only where it is equal. */
  readonly machine: string | null;
  /** Of a DeepOBS run whose file states another test problem than its folder; the folder's name is the label. */
  readonly statedTestproblem?: string;
  /** Of a DeepOBS run whose file states another optimizer than its folder. */
  readonly statedOptimizer?: string;
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
  /** The L2 factor in force, 0 without an L2 term; 'default' for a problem whose own factor is not known here. */
  readonly l2InForce: number | 'default';
  /** Identifies the source of a user's optimizer; null for the bundled ones and for files of others. */
  readonly optimizerSource: { readonly file: string; readonly sha256: string } | null;
  /** Identifies the sources of a user's test problem and data set; null or absent for the bundled ones and for files of others. */
  readonly problemSource?: string | null;
  readonly status: RunStatus;
  /** Null for a curve that was not measured at all. */
  /** Null for a usual one that was not measured. */
  readonly curves: Readonly<Partial<Record<Metric, Curve | null>>>;
  /** Seconds of training alone, per epoch; null when the file has none (DeepOBS). */
  readonly timing: { readonly wallSeconds: readonly number[]; readonly cpuSeconds: readonly number[] } | null;
  /** Whether the run had the machine for itself, so that wall times mean something; null when the file does not say. */
  readonly undisturbed?: boolean | null;
  /** Steps of one epoch; absent when the file does not say. */
  readonly stepsPerEpoch?: number;
  /** How often training evaluated the loss of a minibatch, its gradient and products; absent when the file does not say. */
  readonly evaluations?: NonNullable<RunFile['evaluations']>;
  readonly conditions: Conditions;
  /** Equal for runs of one setting, whatever their seeds and conditions; see identity.ts. */
  readonly setting: string;
  /** What the user calls the runs of this file's folder, or of this entry of a plan; results of two labels are kept apart. */
  readonly label?: string | null;
  /** Place among the labels or the entries of the plan, from 0. */
  readonly position?: number | null;
  /** What the user called the run. */
  readonly tags?: readonly string[];
  readonly note?: string;
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
    undisturbed: wasUndisturbed(content),
    stepsPerEpoch: content.steps_per_epoch,
    ...(content.evaluations === undefined ? {} : { evaluations: content.evaluations }),
    conditions: {
      ...problemVersion(configuration),
      protocol: configuration.protocol,
      protocolVersion: content.protocol_version,
      dataSource: dataset.source,
      syntheticSize: dataset.synthetic_size,
      dataChecksum: dataset.source === 'real' && !dataset.verified ? dataset.checksum : null,
      engine: `${engine.name} ${engine.device}`,
      machine: `${environment.cpu_model}, ${engine.threads} threads`,
    },
    ...(content.tags === undefined ? {} : { tags: content.tags }),
    ...(content.note === undefined ? {} : { note: content.note }),
    startedAt: content.started_at,
    l2InForce: configuration.l2_reg ?? 0,
    optimizerSource: configuration.optimizer.source,
    problemSource: problemSource(configurationFromJson(configuration as never)),
    integerHyperparameters: configuration.optimizer.integer_hyperparameters,
  });
}

/** Share of a machine's cores that other processes may keep busy before wall times mean little. */
const DISTURBANCE = 0.1;

/** Whether a run had the machine for itself while it trained; null when its file does not say. */
function wasUndisturbed({ timing, environment }: RunFile): boolean | null {
  const { training_other_cores: others, training_wall_seconds: wall } = timing;
  if (others === undefined || others.length !== wall.length) return null;
  const seconds = wall.reduce((sum, value) => sum + value, 0);
  const busy = others.reduce((sum, cores, epoch) => sum + cores * (wall[epoch] ?? 0), 0);
  return busy <= DISTURBANCE * environment.cores * seconds;
}

/** The curves of anything that has DeepOBS's keys, and of what a run file has besides under `metrics`. */
export function curvesOf({
  metrics = {},
  ...lists
}: Readonly<Partial<Record<UsualMetric, Curve | null>>> & {
  readonly metrics?: RunFile['metrics'];
}): Record<Metric, Curve | null> {
  const usual = METRICS.map((metric) => [metric, lists[metric] ?? null] as const);
  const further = Object.entries(metrics).flatMap(([name, sets]) =>
    EVALUATED_SETS.map((set) => [`${set}_${name}` as const, sets[set]] as const),
  );
  return Object.fromEntries([...usual, ...further]);
}

/** What only the identity of a setting needs. */
type Unidentified = Omit<RecordedRun, 'setting' | 'l2InForce' | 'optimizerSource'> & {
  readonly integerHyperparameters?: readonly string[];
  /** Of runs whose files state it; else what DeepOBS' test problem has. */
  readonly l2InForce?: number;
  readonly optimizerSource?: RecordedRun['optimizerSource'];
};

/** Adds the setting's identity. */
export function withSetting({ integerHyperparameters = [], ...run }: Unidentified): RecordedRun {
  const foreign = run.l2InForce === undefined;
  const l2InForce = run.l2InForce ?? run.l2Reg ?? defaultL2(run.stated?.testproblem ?? run.testproblem);
  const optimizerSource = run.optimizerSource ?? null;
  const { lr_sched_epochs: epochs, lr_sched_factors: factors, ...furtherParameters } = run.trainingParameters;
  const setting = settingIdentity({
    hyperparameters: run.hyperparameters,
    integerHyperparameters,
    ...(foreign ? { defaults: frameworkDefaults(run.optimizer) } : {}),
    schedule: Array.isArray(epochs) && Array.isArray(factors) ? { epochs, factors } : null,
    furtherParameters: furtherParameters as Readonly<Record<string, SettingValue>>,
    numEpochs: run.numEpochs,
    batchSize: run.batchSize,
    l2Reg: l2InForce,
    source: optimizerSource?.sha256 ?? null,
    problem: run.problemSource ?? null,
  });
  return { ...run, l2InForce, optimizerSource, setting };
}
