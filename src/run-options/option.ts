import { asFlag, asProperty } from '../words.js';

/** What an option takes. */
export type Takes =
  | { readonly kind: 'whole'; readonly least: number; readonly most?: number }
  | { readonly kind: 'number'; readonly least: number }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'text' }
  /** Several of one kind, with commas between them. */
  | { readonly kind: 'list'; readonly of: 'whole' | 'number' }
  /** Nothing: it is given or not. */
  | { readonly kind: 'switch' };

/**
 * What an option is to a run.
 *
 * - `subject`: what is run; a plan lists it instead of stating it among its options.
 * - `identity`: two runs that differ in it are two runs; plans state it among their `options`.
 * - `lr-schedule`, `schedule`: the same; requests and configurations have these together, as one schedule.
 * - `machine`: what computes it, without a difference to the result.
 * - `conduct`: what the command does besides: where files are, what is printed.
 */
export type Part = 'subject' | 'identity' | 'lr-schedule' | 'schedule' | 'machine' | 'conduct';

/** Groups of options that commands offer together, in the order of the help. */
export const GROUPS = [
  'subject',
  'seed',
  'version',
  'budget',
  'dataset',
  'data folder',
  'data',
  'output folder',
  'engine',
  'threads',
  'protocol',
  'conduct',
] as const;

/** One of the groups. */
export type Group = (typeof GROUPS)[number];

/** One option of `probprec run`. Its key is its name in plans and run files; flag and property are derived from it. */
export interface RunOption {
  readonly part: Part;
  readonly group: Group;
  readonly takes: Takes;
  /** What the help shows in place of the value; absent for a switch. */
  readonly placeholder?: string;
  /** Empty where only `without` is offered. */
  readonly help: string;
  /** The value of a run that does not state it; the help says it. */
  readonly default?: number | string;
  /** What the help says instead: where the value comes from that is not stated. */
  readonly otherwise?: string;
  /** Goes with this value of another option only. */
  readonly goesWith?: readonly [key: 'data', value: string];
  /** Where a run file's configuration has it, when that is not under its key: `data.synthetic_size`. */
  readonly recorded?: string;
  /**
   * Came to run files later: it is in those of test problems (null elsewhere) that have the choice, and part of a run's
   * identity, folder and conditions where it is not the default.
   */
  readonly later?: true;
  /** Of a switch that is on unless the command line says `--no-…`: what that does. */
  readonly without?: string;
}

/** `train_log_interval` → `trainLogInterval`: the name in requests, configurations and parsed command lines. */
export type PropertyName<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<PropertyName<Rest>>}`
  : Key;

/** {@link PropertyName} of a key. */
export function propertyOf<Key extends string>(key: Key): PropertyName<Key> {
  return asProperty({ option: key }) as PropertyName<Key>;
}

/** `train_log_interval` → `--train-log-interval`; likewise of a hyperparameter. */
export function flagOf(key: string): string {
  return asFlag({ option: key });
}
