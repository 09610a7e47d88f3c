import { join } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { type LaterKey, runOption } from '../run-options/index.js';
import type { ScheduleSettings } from '../schedule/index.js';
import { sha256Hex } from './canonical-json.js';
import { configurationVersion, type RunConfiguration } from './configuration.js';
import { nameFault } from './names.js';
import type { ProblemVersion } from './problem-version.js';
import { float2str, pythonFloat, pythonList, pythonText } from './python-format.js';
import type { SettingValue, SettingValues } from './setting-value.js';

/** The longest name of a run's folder that is written in full, in bytes: Windows allows 260 characters for a whole path. */
const LONGEST_NAME = 150;
/** The longest name in DeepOBS' form: what common file systems allow, with room for what programs add. */
const LONGEST_DEEPOBS_NAME = 240;
/** So many bytes of a cut name versions before 0.2 kept. */
const KEPT_FORMERLY = 200;
/** Bytes of the hash that a cut name ends in, with the underscores before it. */
const HASH = 14;
/** How a folder name states null. */
const NONE = pythonText(null, () => false);

/** What DeepOBS puts into the name of a setting's folder. */
export interface SettingParts {
  readonly numEpochs: number;
  readonly batchSize: number;
  /** The L2 factor under its dialect's name; null when it was not given explicitly. */
  readonly l2: { readonly key: 'l2_reg' | 'weight_decay'; readonly value: number } | null;
  readonly version: ProblemVersion;
  readonly hyperparameters: SettingValues;
  /** Names, and `name/0` for an entry of a list. */
  readonly integerHyperparameters: readonly string[];
  readonly lrSchedule: { readonly epochs: readonly number[]; readonly factors: readonly number[] } | null;
  /** A schedule by name, which DeepOBS does not know. */
  readonly schedule?: Readonly<Record<string, SettingValue>> | ScheduleSettings;
}

/** The name of the folder of a configuration's setting: as {@link settingName} says, shorter, and for every file system. */
export function settingFolder(configuration: RunConfiguration): string {
  return portableName(settingName(settingParts(configuration), LONGEST_NAME));
}

/** What the name of that folder states, however long, and the name that versions before 0.2 gave it where they cut it. */
export function settingInFull(configuration: RunConfiguration): { readonly name: string; readonly cut: string } {
  const name = written(statements(settingParts(configuration)));
  return { name, cut: Buffer.byteLength(name) <= LONGEST_DEEPOBS_NAME ? name : cutName(name, KEPT_FORMERLY) };
}

function settingParts({ optimizer, ...configuration }: RunConfiguration): SettingParts {
  const { l2RegGiven, l2Reg } = configuration;
  const l2 = l2RegGiven && l2Reg !== null ? ({ key: 'l2_reg', value: l2Reg } as const) : null;
  return { ...configuration, ...optimizer, l2, version: configurationVersion(configuration) };
}

/**
 * The name of a setting's folder, as DeepOBS builds it: num_epochs, batch_size, l2_reg when given explicitly, the version of
 * the test problem where it is not the default one (which DeepOBS does not know), the hyperparameters and then the learning-rate schedule, each alphabetically. A name that is too long
 * leaves out what is None; one that is still too long is cut and ends in a hash of that, so that further hyperparameters that are None
 * do not change it. Throws ConfigurationError for a value that is no part of a folder name.
 */
export function settingName(setting: SettingParts, longest = LONGEST_DEEPOBS_NAME): string {
  const parts = statements(setting);
  const stated = written(parts.filter(([, value]) => value !== NONE));
  const name = [written(parts), stated].find((text) => Buffer.byteLength(text) <= longest);
  return name ?? cutName(stated, longest - HASH);
}

function statements(setting: SettingParts): [key: string, value: string][] {
  const { hyperparameters, integerHyperparameters, lrSchedule, l2 } = setting;
  const parts: [string, string][] = [
    ['num_epochs', String(setting.numEpochs)],
    ['batch_size', String(setting.batchSize)],
  ];
  if (l2 !== null) parts.push([l2.key, float2str(l2.value)]);
  for (const [key, value] of Object.entries(setting.version)) {
    parts.push([key, formatValue(value, () => Number.isInteger(value) && takesWhole(key))]);
  }
  for (const name of Object.keys(hyperparameters).sort()) {
    const value = hyperparameters[name] ?? null;
    parts.push([name, formatValue(value, (place) => integerHyperparameters.includes(`${name}${place}`))]);
  }
  if (lrSchedule !== null) {
    parts.push(['lr_sched_epochs', pythonList(lrSchedule.epochs.map(String))]);
    parts.push(['lr_sched_factors', pythonList(lrSchedule.factors.map(pythonFloat))]);
  }
  for (const [key, value] of Object.entries(setting.schedule ?? {})) parts.push([key, formatValue(value, () => false)]);
  return parts;
}

/** Whether an option counts something, so that Python would write an int. */
function takesWhole(key: string): boolean {
  return runOption(key as LaterKey).takes.kind === 'whole';
}

function written(parts: readonly (readonly [key: string, value: string])[]): string {
  return parts.map(([key, value]) => `${safe(key, key)}__${safe(key, value)}`).join('__');
}

/** A folder's name that every system takes: no character that Windows reserves, no dot or blank at the end. */
export function portableName(name: string): string {
  return name.replaceAll(/[<>:"|?*]/g, '-').replace(/[. ]$/, '-');
}

function cutName(name: string, bytes: number): string {
  const start = Buffer.from(name)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${start}__${sha256Hex(name).slice(0, 12)}`;
}

/** DeepOBS's folder of the setting: `<outputDir>/<testproblem>/<OptimizerClassName>/<setting>`. */
export function settingPath(outputDir: string, configuration: RunConfiguration): string {
  return join(
    outputDir,
    safe('testproblem', configuration.testproblem),
    safe('optimizer class name', configuration.optimizer.className),
    settingFolder(configuration),
  );
}

/** DeepOBS's path of the run: the setting's folder, seed and local time before the training. */
export function runFilePath(outputDir: string, configuration: RunConfiguration, startedAt: Date): string {
  return join(
    settingPath(outputDir, configuration),
    `random_seed__${configuration.seed}__${formatLocalTime(startedAt)}.json`,
  );
}

/** A float as DeepOBS' float2str writes it, everything else as Python's str(). */
function formatValue(value: SettingValue, isInteger: (place: string) => boolean): string {
  const float = typeof value === 'number' && Number.isFinite(value) && !isInteger('');
  return float ? float2str(value) : pythonText(value, isInteger);
}

/** The text, when it can be part of a folder name; else throws ConfigurationError. */
export function safe(what: string, text: string): string {
  if (text === '' || text === '.' || text === '..' || /[/\\]/.test(text) || nameFault(text) !== null) {
    throw new ConfigurationError({
      subject: what,
      found: JSON.stringify(text),
      expected: 'a value that can be part of a folder name (not empty, no / or \\)',
    });
  }
  return text;
}

function formatLocalTime(date: Date): string {
  const fields = [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes()];
  return [...fields, date.getSeconds()].map((field) => String(field).padStart(2, '0')).join('-');
}
