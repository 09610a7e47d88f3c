import { ConfigurationError } from '../errors.js';
import { canonicalNumber, type RecordedRun, scheduleInForce } from '../results/index.js';
import { readSchedule, SCHEDULE_KEYS, type ScheduleRequest, scheduleText } from '../schedule/index.js';
import type { Setting } from './settings.js';

/** Values that hyperparameters have when nobody states them, by the optimizer's class name. */
export type KnownDefaults = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

type Values = RecordedRun['hyperparameters'];

/** What is always of interest. */
const ALWAYS = ['lr', 'learning_rate'];

/**
 * What tells a setting apart, in words: the learning rate, what differs from the optimizer's defaults, and what differs
 * between the settings of the optimizer that stand beside it. Empty when there is nothing to tell.
 */
export function settingText(setting: Setting, beside: readonly Setting[], defaults: KnownDefaults): string {
  const others = beside.filter(({ optimizer }) => optimizer === setting.optimizer);
  const known = defaults.get(setting.optimizer) ?? {};
  const differs = (name: string) =>
    new Set(others.map(({ hyperparameters }) => keyOf(shown(hyperparameters, name)))).size > 1;
  const names = new Set(others.flatMap(({ hyperparameters }) => Object.keys(hyperparameters)));
  const values = [...names].sort(inOrder).flatMap((name) => {
    const value = shown(setting.hyperparameters, name);
    const stated = value !== null && (ALWAYS.includes(name) || !isDefault(known, name, value));
    return stated || differs(name) ? [`${name} ${valueText(value)}`] : [];
  });
  return [...values, ...trainingText(setting)].join(', ');
}

function inOrder(left: string, right: string): number {
  return Number(ALWAYS.includes(right)) - Number(ALWAYS.includes(left)) || (left < right ? -1 : 1);
}

function shown(hyperparameters: Values, name: string): unknown {
  return Object.hasOwn(hyperparameters, name) ? (hyperparameters[name] ?? null) : null;
}

/** A default that is not known is none, so that the value is shown. */
function isDefault(known: Readonly<Record<string, unknown>>, name: string, value: unknown): boolean {
  return Object.hasOwn(known, name) && keyOf(known[name]) === keyOf(value);
}

/** Text that is equal for equal values; JSON alone takes infinite numbers for null. */
function keyOf(value: unknown): string {
  return JSON.stringify(value, (_, entry) => (typeof entry === 'number' ? canonicalNumber(entry) : entry)) ?? 'null';
}

/** Lists and texts of other people's files can be long. */
const LONGEST = 40;

function valueText(value: unknown): string {
  if (value === null) return 'default';
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** The learning-rate schedule, in words when it is long, and further training parameters of other people's runners. */
function trainingText(setting: Setting): string[] {
  const { named, changes, others } = scheduleOf(setting);
  return [
    ...(named === null ? [] : [named]),
    ...(changes === null ? [] : [`lr schedule ${changes}`]),
    ...Object.entries(others).flatMap(([name, value]) => (value === null ? [] : [`${name} ${valueText(value)}`])),
  ];
}

/** The learning-rate schedule in words; empty where the rate is constant. */
export function scheduleInWords(setting: Setting): string {
  const { named, changes } = scheduleOf(setting);
  return [named, changes].filter((part) => part !== null).join(', ');
}

/** A schedule by name and one by epochs in words, null where there is none, and what else the training parameters say. */
function scheduleOf({ trainingParameters, numEpochs }: Setting) {
  const { lr_sched_epochs: epochs, lr_sched_factors: factors, ...further } = trainingParameters;
  const changes =
    Array.isArray(epochs) && Array.isArray(factors)
      ? scheduleInForce({ epochs: epochs.map(Number), factors: factors.map(Number) }, numEpochs)
      : [];
  return { ...namedSchedule(further), changes: changes.length === 0 ? null : changesText(changes) };
}

/** A schedule by name in words, and the parameters that are none of it. Other people's may have other schedules. */
function namedSchedule(parameters: Setting['trainingParameters']) {
  const keys = SCHEDULE_KEYS as readonly string[];
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(parameters).filter(([key]) => keys.includes(key) === wanted));
  const own: ScheduleRequest = part(true);
  if (own.schedule === undefined) return { named: null, others: parameters };
  try {
    const settings = readSchedule({ warmup: 0, ...own });
    return { named: settings === null ? null : scheduleText(settings), others: part(false) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { named: null, others: parameters };
  }
}

/** `×0.1 from epoch 50, ×0.01 from 75`, or `of 99 changes, ends at ×0.0002`. */
function changesText(changes: readonly (readonly [number, number])[]): string {
  const factor = (value: number) => `×${Number(value.toPrecision(3))}`;
  if (changes.length > 3) return `of ${changes.length} changes, ends at ${factor(changes.at(-1)?.[1] ?? 1)}`;
  return changes
    .map(([epoch, value], index) => `${factor(value)} from ${index === 0 ? 'epoch ' : ''}${epoch}`)
    .join(', ');
}
