import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { say, setting } from '../words.js';

/** The schedules that have a name. */
export const SCHEDULES = [
  'constant',
  'steps',
  'cosine',
  'polynomial',
  'exponential',
  'one-cycle',
  'trapezoid',
] as const;

/** One of these names. */
export type ScheduleName = (typeof SCHEDULES)[number];

/**
 * A schedule of the learning rate by name. Keys are those of options, plans, run files and folders; shares are of all steps
 * of the training, factors are relative to the optimizer's learning rate.
 */
export interface ScheduleSettings {
  readonly schedule: ScheduleName;
  /** Share of the steps in which the factor rises; absent for 0. */
  readonly warmup?: number;
  /** Where the factor ends. */
  readonly schedule_end?: number;
  /** Where one-cycle starts. */
  readonly schedule_start?: number;
  readonly schedule_power?: number;
  /** Share of the steps in which a trapezoid falls. */
  readonly schedule_decay?: number;
  /** Shares of the steps at which the factor is multiplied by `schedule_factor`. */
  readonly schedule_milestones?: readonly number[];
  readonly schedule_factor?: number;
}

/** A key of the settings besides the name. */
export type ScheduleParameter = Exclude<keyof ScheduleSettings, 'schedule'>;

/** What a user states of a schedule: keys of {@link ScheduleSettings}, not checked yet. */
export type ScheduleRequest = Readonly<Partial<Record<keyof ScheduleSettings, unknown>>>;

interface Range {
  readonly holds: (value: number) => boolean;
  readonly expected: string;
}

const share: Range = { holds: (value) => value >= 0 && value < 1, expected: 'a share of the steps in [0, 1)' };
const part: Range = { holds: (value) => value >= 0 && value <= 1, expected: 'a share of the steps in [0, 1]' };
const factor: Range = { holds: (value) => value >= 0, expected: 'a factor ≥ 0' };
const positive: Range = { holds: (value) => value > 0, expected: 'a number > 0' };

const ranges: Readonly<Record<Exclude<ScheduleParameter, 'schedule_milestones'>, Range>> = {
  warmup: share,
  schedule_end: factor,
  schedule_start: factor,
  schedule_power: positive,
  schedule_decay: part,
  schedule_factor: factor,
};

/** What each schedule has, with its defaults; its warm-up is 0 where it is not here. */
const defaults: Readonly<Record<ScheduleName, Omit<ScheduleSettings, 'schedule'>>> = {
  constant: {},
  steps: { schedule_milestones: [0.5, 0.75], schedule_factor: 0.1 },
  cosine: { schedule_end: 0 },
  polynomial: { schedule_power: 1, schedule_end: 0 },
  exponential: { schedule_end: 0.01 },
  'one-cycle': { warmup: 0.3, schedule_start: 0.04, schedule_end: 4e-6 },
  trapezoid: { warmup: 0.05, schedule_decay: 0.2, schedule_end: 0 },
};

/** Every key of a schedule, the name first. */
export const SCHEDULE_KEYS: readonly (keyof ScheduleSettings)[] = [
  'schedule',
  ...(Object.keys(ranges) as ScheduleParameter[]),
  'schedule_milestones',
];

/**
 * The schedule that a user asks for, with every default filled in; null where nothing is asked for. A warm-up alone is that of
 * `constant`. Throws ConfigurationError, one line that names the option.
 */
export function readSchedule(request: ScheduleRequest): ScheduleSettings | null {
  const stated = Object.entries(request).filter(([, value]) => value !== undefined);
  if (stated.length === 0) return null;
  const { schedule = 'constant', ...given } = Object.fromEntries(stated) as ScheduleRequest;
  const name = SCHEDULES.find((candidate) => candidate === schedule);
  if (name === undefined) {
    throw new ConfigurationError({
      subject: setting('schedule', schedule),
      what: notKnown(String(schedule), SCHEDULES),
    });
  }
  const known = ['warmup', ...Object.keys(defaults[name])];
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const others = SCHEDULES.filter((other) => key in defaults[other]);
    throw new ConfigurationError({
      subject: setting(key),
      what: say`goes with ${setting('schedule', others.join(' or '))}, found ${name}`,
    });
  }
  const settings: Record<string, unknown> = { ...defaults[name], ...given };
  for (const [key, { holds, expected }] of Object.entries(ranges)) {
    if (!(key in settings)) continue;
    const value = numberOf(settings[key]);
    if (!holds(value)) throw new ConfigurationError({ subject: setting(key), found: shown(settings[key]), expected });
    settings[key] = value;
  }
  if ('schedule_milestones' in settings) settings.schedule_milestones = milestonesOf(settings.schedule_milestones);
  if (settings.warmup === 0) delete settings.warmup;
  const read = { schedule: name, ...settings } as ScheduleSettings;
  const { warmup = 0, schedule_decay: decay = 0 } = read;
  if (warmup + decay > 1) {
    throw new ConfigurationError({
      subject: setting('schedule_decay'),
      found: `${decay} beside a warm-up of ${warmup}`,
      expected: `at most ${1 - warmup}, the rest of the steps`,
    });
  }
  if (name === 'one-cycle' && warmup === 0) {
    throw new ConfigurationError({
      subject: setting('warmup'),
      found: '0',
      expected: 'more for one-cycle, whose rise it is',
    });
  }
  return read;
}

function milestonesOf(stated: unknown): number[] {
  const values = (Array.isArray(stated) ? stated : String(stated).split(',')).map(numberOf);
  const ascending = values.every((value, index) => value > (values[index - 1] ?? 0) && value < 1);
  if (ascending && values.length > 0) return values;
  throw new ConfigurationError({
    subject: setting('schedule_milestones'),
    found: shown(stated),
    expected: 'ascending shares of the steps between 0 and 1, such as 0.5,0.75',
  });
}

function numberOf(value: unknown): number {
  if (typeof value === 'string' && value.trim() === '') return Number.NaN;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : Number.NaN;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** `cosine, 5 % warm-up`: the schedule in words, with what is not its default. */
export function scheduleText({ schedule, warmup = 0, ...settings }: ScheduleSettings): string {
  const { warmup: usual = 0, ...own } = defaults[schedule];
  const percent = (value: number) => `${Number((100 * value).toPrecision(4))} %`;
  const words: Readonly<Record<Exclude<ScheduleParameter, 'warmup'>, (value: never) => string>> = {
    schedule_end: (value: number) => `to ×${Number(value.toPrecision(3))}`,
    schedule_start: (value: number) => `from ×${Number(value.toPrecision(3))}`,
    schedule_power: (value: number) => `power ${Number(value.toPrecision(3))}`,
    schedule_decay: (value: number) => `${percent(value)} decay`,
    schedule_milestones: (values: readonly number[]) => `at ${values.map(percent).join(', ')}`,
    schedule_factor: (value: number) => `×${Number(value.toPrecision(3))} each`,
  };
  const differing = (Object.keys(own) as (keyof typeof own)[]).filter(
    (key) => String(settings[key]) !== String(own[key]),
  );
  return [
    schedule,
    ...(warmup === usual && (warmup === 0 || schedule === 'one-cycle')
      ? []
      : [warmup === 0 ? 'no warm-up' : `${percent(warmup)} warm-up`]),
    ...differing.map((key) => words[key](settings[key] as never)),
  ].join(', ');
}
