import { canonicalJson, type JsonValue, sha256Hex } from './canonical-json.js';
import {
  type ConfigurationJson,
  configurationFromJson,
  configurationVersion,
  problemSource,
  type RunConfiguration,
} from './configuration.js';
import { PROTOCOL_VERSION } from './protocol-version.js';
import { type LearningRateSchedule, scheduleInForce } from './schedule.js';
import type { SettingValue } from './setting-value.js';

/**
 * Two runs are the same experiment when every value in force is equal, however it came to be stated. This file alone
 * decides it: for run hashes, for what `compare` and `sweep best` put together, and for what an export may put into one
 * folder.
 *
 * - A number counts as DeepOBS writes it into folder names, with ten decimals of its scientific notation: DeepOBS repeats
 *   its best setting with the learning rate as the folder's name has it.
 * - A hyperparameter that is null counts like one that is absent.
 * - A learning-rate schedule counts by the factors that it leads to, epoch by epoch.
 * - The L2 factor counts as it is in force; none is 0.
 * - A user's optimizer, test problem and data set count by their sources, not by the names of their files.
 * - The version of a test problem counts where it is not the default one.
 */

/** A setting as a configuration or a file states it. */
export interface StatedSetting {
  readonly hyperparameters: Readonly<Record<string, SettingValue>>;
  /** Names of hyperparameters that are declared as integers: they count to the last digit. */
  readonly integerHyperparameters?: readonly string[];
  /** Values that hyperparameters have when they are not stated, where it is known. */
  readonly defaults?: Readonly<Record<string, SettingValue>>;
  readonly schedule: LearningRateSchedule | null;
  /** Further training parameters of a runner of other people's. */
  readonly furtherParameters?: Readonly<Record<string, SettingValue>>;
  readonly numEpochs: number;
  readonly batchSize: number;
  /** In force; null for a problem without such a term; 'default' for a default that is not known here. */
  readonly l2Reg: number | 'default' | null;
  /** What identifies the source of a user's optimizer; null for the bundled ones. */
  readonly source: string | null;
  /** What identifies the sources of a user's test problem and data set; null or absent for the bundled ones. */
  readonly problem?: string | null;
}

/** Text that is equal for two settings exactly when all their values in force are. */
export function settingIdentity(stated: StatedSetting): string {
  return canonicalJson(settingInForce(stated));
}

function settingInForce(stated: StatedSetting): JsonValue {
  const { hyperparameters, integerHyperparameters = [], defaults = {}, furtherParameters = {}, l2Reg } = stated;
  const fallbacks = new Map(
    Object.entries(defaults).map(([name, value]) => [name, canonicalJson(valueInForce(value))]),
  );
  const inForce = Object.entries(hyperparameters).flatMap(([name, value]): [string, JsonValue][] => {
    if (value === null) return [];
    const counted = integerHyperparameters.includes(name) && Number.isSafeInteger(value) ? value : valueInForce(value);
    return fallbacks.get(name) === canonicalJson(counted as JsonValue) ? [] : [[name, counted as JsonValue]];
  });
  const further = Object.entries(furtherParameters).filter(([, value]) => value !== null);
  return {
    hyperparameters: dictionary(inForce),
    schedule: scheduleInForce(stated.schedule, stated.numEpochs).map((change) => change.map(canonicalNumber)),
    ...(further.length === 0
      ? {}
      : { further: dictionary(further.map(([name, value]) => [name, valueInForce(value)])) }),
    num_epochs: stated.numEpochs,
    batch_size: stated.batchSize,
    l2_reg: l2Reg === 'default' ? l2Reg : canonicalNumber(l2Reg ?? 0),
    source: stated.source,
    // Absent and not null, so that the identities of runs of bundled problems are what they were.
    ...(stated.problem == null ? {} : { problem: stated.problem }),
  };
}

/** The setting of a configuration, as {@link settingIdentity} has it for files. */
export function configurationSetting(configuration: RunConfiguration): string {
  return settingIdentity(settingStated(configuration));
}

function settingStated(configuration: RunConfiguration): StatedSetting {
  const { optimizer } = configuration;
  return {
    hyperparameters: optimizer.hyperparameters,
    integerHyperparameters: optimizer.integerHyperparameters,
    schedule: configuration.lrSchedule,
    furtherParameters: { ...configuration.schedule },
    numEpochs: configuration.numEpochs,
    batchSize: configuration.batchSize,
    l2Reg: configuration.l2Reg,
    source: optimizer.source?.sha256 ?? null,
    problem: problemSource(configuration),
  };
}

/**
 * The run's identity, SHA-256 in hexadecimal: the experiment under this version of the protocol, the seed, and how often the
 * run file records a loss.
 */
export function hashConfiguration(configuration: RunConfiguration, protocolVersion: number = PROTOCOL_VERSION): string {
  const { optimizer, data, engine } = configuration;
  return sha256Hex(
    canonicalJson({
      setting: settingInForce(settingStated(configuration)),
      testproblem: configuration.testproblem,
      ...configurationVersion(configuration),
      optimizer: [optimizer.name, optimizer.className],
      seed: configuration.seed,
      data: [data.source, data.syntheticSize],
      engine: [engine.name, engine.device],
      protocol: [configuration.protocol, protocolVersion],
      train_log_interval: configuration.trainLogInterval,
    }),
  );
}

/** The hash of a recorded configuration without its seed: equal for the runs of one setting, however it was stated. */
export function hashSetting(configuration: ConfigurationJson, protocolVersion: number = PROTOCOL_VERSION): string {
  return hashConfiguration({ ...configurationFromJson(configuration), seed: 0 }, protocolVersion);
}

function valueInForce(value: SettingValue): JsonValue {
  if (typeof value === 'number') return canonicalNumber(value);
  if (Array.isArray(value)) return value.map(valueInForce);
  if (typeof value === 'object' && value !== null) {
    return dictionary(Object.entries(value).map(([key, entry]) => [key, valueInForce(entry)]));
  }
  return value as boolean | string | null;
}

/** A number as it counts: to ten decimals of its scientific notation, −0 as 0. What JSON has no number for is an object. */
export function canonicalNumber(value: number): JsonValue {
  if (!Number.isFinite(value)) return { float: String(value) };
  return Number(value.toExponential(10)) + 0;
}

/** Object.fromEntries would lose a member that is called __proto__. */
function dictionary(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  const members: Record<string, JsonValue> = Object.create(null);
  for (const [name, value] of entries) members[name] = value;
  return members;
}
