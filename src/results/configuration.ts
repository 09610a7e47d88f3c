import type { Protocol } from '../dataset/protocol.js';
import {
  keysOf,
  LATER_KEYS,
  type LaterKey,
  type PropertyName,
  propertyOf,
  type RunOptionKey,
  runOption,
  type ValueOf,
} from '../run-options/index.js';
import type { ScheduleSettings } from '../schedule/index.js';
import { sha256Hex } from './canonical-json.js';
import { type ProblemVersion, problemVersion } from './problem-version.js';
import type { LearningRateSchedule } from './schedule.js';
import { decodeSettings, type EncodedSetting, encodeSettings } from './setting-value.js';

/**
 * Options that not every run has, null (or absent in older files) where there is nothing to choose: which of DeepOBS' two
 * lines the network follows, what it starts with.
 */
export type LaterOptions = { readonly [Key in LaterKey as PropertyName<Key>]?: ValueOf<Key> | null };

/**
 * A fully resolved run: every default is filled in and nothing depends on the machine's surroundings. What was stated without
 * changing anything (the problem's own L2 factor, a schedule of ones) has left no trace. identity.ts says when two are the
 * same run.
 */
export interface RunConfiguration extends LaterOptions {
  /** Label in folders and files: the test problem's name, with another data set than its own `NAME@DATASET`. */
  readonly testproblem: string;
  /** A user's own test problem file; absent for the built-in ones. */
  readonly testproblemSource?: SourceFile;
  /** A data set that was asked for in place of the test problem's own; absent without. */
  readonly dataset?: { readonly name: string; readonly source: SourceFile | null };
  readonly optimizer: {
    readonly name: string;
    /** Label in folders and files, as DeepOBS uses the class name. */
    readonly className: string;
    readonly hyperparameters: Readonly<Record<string, number | boolean | string | null>>;
    /** Names of the hyperparameters that are declared as integers; folder names write them as Python writes an int. */
    readonly integerHyperparameters: readonly string[];
    /** A user's own optimizer file, null for the built-in ones. */
    readonly source: null | SourceFile;
  };
  readonly seed: number;
  readonly batchSize: number;
  readonly numEpochs: number;
  /** The value in force; null when the problem has no regularisation. */
  readonly l2Reg: number | null;
  /** Given and other than the test problem's own; only then it is part of the folder name, as in DeepOBS. */
  readonly l2RegGiven: boolean;
  readonly data: { readonly source: 'real' | 'synthetic'; readonly syntheticSize: number | null };
  /** Not the number of threads: it changes the speed, not the run (docs/run-file.md). */
  readonly engine: { readonly name: string; readonly device: string };
  readonly protocol: Protocol;
  /** Every this many steps the minibatch loss is recorded. */
  readonly trainLogInterval: number;
  /** Learning-rate factors relative to the base rate, from the given epochs on. */
  readonly lrSchedule: LearningRateSchedule | null;
  /** A schedule by name and step, with all of its settings; absent without one. */
  readonly schedule?: ScheduleSettings;
}

/** A user's file by its name, for people, and what identifies its source. */
export interface SourceFile {
  readonly file: string;
  readonly sha256: string;
}

/** What the run file holds of a configuration. */
export type ConfigurationJson = ReturnType<typeof configurationToJson>;

/** The configuration as the run file holds it: the same content under snake_case keys. */
export function configurationToJson(configuration: RunConfiguration) {
  const { optimizer, data, engine, lrSchedule, testproblemSource, dataset } = configuration;
  return {
    testproblem: configuration.testproblem,
    ...(testproblemSource === undefined ? {} : { testproblem_source: sourceToJson(testproblemSource) }),
    ...(dataset === undefined
      ? {}
      : { dataset: { name: dataset.name, source: dataset.source === null ? null : sourceToJson(dataset.source) } }),
    ...laterToJson(configuration),
    optimizer: {
      name: optimizer.name,
      class_name: optimizer.className,
      hyperparameters: encodeSettings(optimizer.hyperparameters),
      integer_hyperparameters: [...optimizer.integerHyperparameters],
      source: optimizer.source === null ? null : sourceToJson(optimizer.source),
    },
    seed: configuration.seed,
    batch_size: configuration.batchSize,
    num_epochs: configuration.numEpochs,
    l2_reg: configuration.l2Reg,
    l2_reg_given: configuration.l2RegGiven,
    data: { source: data.source, synthetic_size: data.syntheticSize },
    engine: { name: engine.name, device: engine.device },
    protocol: configuration.protocol,
    train_log_interval: configuration.trainLogInterval,
    lr_schedule: lrSchedule === null ? null : { epochs: [...lrSchedule.epochs], factors: [...lrSchedule.factors] },
    ...(configuration.schedule === undefined ? {} : { schedule: { ...configuration.schedule } }),
  };
}

type LaterJson = { readonly [Key in LaterKey]?: ValueOf<Key> };

function laterToJson(configuration: LaterOptions): LaterJson {
  return Object.fromEntries(
    LATER_KEYS.flatMap((key) => {
      const value = configuration[propertyOf(key)] ?? null;
      return value === null ? [] : [[key, value]];
    }),
  );
}

function laterFromJson(json: LaterJson): LaterOptions {
  return Object.fromEntries(LATER_KEYS.map((key) => [propertyOf(key), json[key] ?? null]));
}

/** In which version of its test problem a run is trained. */
export function configurationVersion(configuration: LaterOptions): ProblemVersion {
  return problemVersion(laterToJson(configuration));
}

/**
 * The options with which `probprec run` would make a recorded run, but for test problem, optimizer and seed; null where the run has
 * what it would have without.
 */
export function recordedOptions(json: ConfigurationJson): Readonly<Partial<Record<RunOptionKey, unknown>>> {
  const values = keysOf('identity', 'lr-schedule', 'schedule').map((key): [RunOptionKey, unknown] => {
    const { recorded = key, later, default: fallback } = runOption(key);
    const value = recorded
      .split('.')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | null)?.[part], json);
    return [key, later && value === fallback ? null : value];
  });
  return { ...Object.fromEntries(values), ...(json.l2_reg_given ? {} : { l2_reg: null }) };
}

function sourceToJson({ file, sha256 }: SourceFile) {
  return { file, sha256 };
}

/**
 * What tells one version of a test problem from another: the sources of its file and of its data set's. Null where both are
 * ours.
 */
export function problemSource({
  testproblemSource,
  dataset,
}: Pick<RunConfiguration, 'testproblemSource' | 'dataset'>): string | null {
  const hashes = [testproblemSource?.sha256, dataset?.source?.sha256].filter((hash) => hash !== undefined);
  return hashes.length === 0 ? null : hashes.length === 1 ? (hashes[0] ?? null) : sha256Hex(hashes.join(' '));
}

/** The configuration that a run file holds. */
export function configurationFromJson(json: ConfigurationJson): RunConfiguration {
  const { optimizer, data, engine } = json;
  return {
    testproblem: json.testproblem,
    ...(json.testproblem_source === undefined ? {} : { testproblemSource: json.testproblem_source }),
    ...(json.dataset === undefined ? {} : { dataset: json.dataset }),
    ...laterFromJson(json),
    optimizer: {
      name: optimizer.name,
      className: optimizer.class_name,
      hyperparameters: decodeSettings(
        optimizer.hyperparameters as Readonly<Record<string, EncodedSetting>>,
      ) as RunConfiguration['optimizer']['hyperparameters'],
      integerHyperparameters: optimizer.integer_hyperparameters,
      source: optimizer.source,
    },
    seed: json.seed,
    batchSize: json.batch_size,
    numEpochs: json.num_epochs,
    l2Reg: json.l2_reg,
    l2RegGiven: json.l2_reg_given,
    data: { source: data.source, syntheticSize: data.synthetic_size },
    engine: { name: engine.name, device: engine.device },
    protocol: json.protocol,
    trainLogInterval: json.train_log_interval,
    lrSchedule: json.lr_schedule,
    ...(json.schedule === undefined ? {} : { schedule: json.schedule }),
  };
}
