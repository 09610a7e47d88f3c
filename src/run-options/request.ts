import type { ScheduleRequest } from '../schedule/settings.js';
import { type PropertyName, propertyOf } from './option.js';
import { type KeyOf, keysOf, type ValueOf } from './table.js';

/** Factors on the learning rate from some epochs on. */
export interface StatedLrSchedule {
  readonly epochs: readonly number[];
  readonly factors: readonly number[];
}

type Requested = Exclude<KeyOf<'subject' | 'identity' | 'machine'>, 'testproblem' | 'optimizer'>;

/** A word is checked when the run is resolved. */
type Loose<Value> = Value extends string ? string : Value;

/** What a run can state by options, by property names; everything has a default. */
export type RequestedOptions = {
  readonly [Key in Requested as PropertyName<Key>]?: Loose<ValueOf<Key>> | undefined;
} & {
  readonly lrSchedule?: StatedLrSchedule | undefined;
  /** A schedule by name and step; not beside `lrSchedule`. */
  readonly schedule?: ScheduleRequest | undefined;
};

/** Options of a run by their keys, as plans state them. */
export type StatedOptions = Readonly<Partial<Record<string, unknown>>>;

const TRAINED_KEYS = keysOf('identity', 'lr-schedule', 'schedule');
const SCHEDULED = keysOf('schedule');
const REQUESTED = keysOf('subject', 'identity', 'machine').filter(
  (key): key is Requested => key !== 'testproblem' && key !== 'optimizer',
);

/** What options ask for by their keys. Of a schedule by epochs both lists have to be stated. */
export function requestOf(stated: StatedOptions): RequestedOptions {
  const { lr_schedule_epochs: epochs, lr_schedule_factors: factors } = stated;
  const schedule = SCHEDULED.filter((key) => stated[key] !== undefined).map((key) => [key, stated[key]]);
  return {
    ...Object.fromEntries(
      REQUESTED.flatMap((key) => (stated[key] === undefined ? [] : [[propertyOf(key), stated[key]]])),
    ),
    ...(schedule.length === 0 ? {} : { schedule: Object.fromEntries(schedule) }),
    ...(epochs === undefined || factors === undefined
      ? {}
      : { lrSchedule: { epochs, factors } as unknown as StatedLrSchedule }),
  };
}

/** Options that say what is trained besides test problem, optimizer and seed, by their keys; undefined where they are not stated. */
export type TrainedOptions = {
  readonly [Key in KeyOf<'identity' | 'lr-schedule' | 'schedule'>]?: Loose<ValueOf<Key>> | undefined;
};

/** What a request states, by keys; {@link requestOf} takes it back. */
export function statedBy(request: RequestedOptions): TrainedOptions {
  const { lrSchedule, schedule = {} } = request;
  const properties = request as Readonly<Record<string, unknown>>;
  const values: StatedOptions = {
    ...Object.fromEntries(keysOf('identity').map((key) => [key, properties[propertyOf(key)]])),
    ...schedule,
    lr_schedule_epochs: lrSchedule && [...lrSchedule.epochs],
    lr_schedule_factors: lrSchedule && [...lrSchedule.factors],
  };
  return Object.fromEntries(TRAINED_KEYS.map((key) => [key, values[key]]));
}

/** What a command line states, whose options all have property names of their own, by keys. */
export function statedOnCommandLine(
  parsed: Readonly<Partial<Record<PropertyName<keyof TrainedOptions>, unknown>>>,
): TrainedOptions {
  return Object.fromEntries(TRAINED_KEYS.map((key) => [key, parsed[propertyOf(key)]]));
}
