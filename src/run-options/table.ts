import { CONDUCT } from './conduct.js';
import type { Group, Part, PropertyName, RunOption, Takes } from './option.js';
import { TRAINED } from './trained.js';

/**
 * Every option of `probprec run`. The command line, plans, run files, the commands that sweeps and reports write, and the
 * names that no hyperparameter may have are made of this table.
 */
export const RUN_OPTIONS = { ...TRAINED, ...CONDUCT };

type Table = typeof RUN_OPTIONS;

/** The key of an option. */
export type RunOptionKey = keyof Table;

/** The keys of the options of some parts. */
export type KeyOf<Chosen extends Part> = {
  [Key in RunOptionKey]: Table[Key]['part'] extends Chosen ? Key : never;
}[RunOptionKey];

/** The keys of the options of some groups. */
export type KeyInGroup<Chosen extends Group> = {
  [Key in RunOptionKey]: Table[Key]['group'] extends Chosen ? Key : never;
}[RunOptionKey];

/** The keys of the options that came to run files later. */
export type LaterKey = {
  [Key in RunOptionKey]: Table[Key] extends { readonly later: true } ? Key : never;
}[RunOptionKey];

/** The value of an option once it is read. */
export type ValueOf<Key extends RunOptionKey> = Read<Table[Key]['takes']>;

/** {@link ValueOf}, undefined for an option whose default depends on something else. */
export type OptionValue<Key extends RunOptionKey> = Table[Key] extends { readonly default: unknown }
  ? ValueOf<Key>
  : ValueOf<Key> | undefined;

type Read<Taken extends Takes> = Taken extends { readonly kind: 'whole' | 'number' }
  ? number
  : Taken extends { readonly kind: 'word'; readonly words: readonly (infer Word)[] }
    ? Word
    : Taken extends { readonly kind: 'list' }
      ? number[]
      : Taken extends { readonly kind: 'switch' }
        ? boolean
        : string;

/** Options as a command line states them, by their property names; what is absent was not stated. */
export type ParsedOptions<Key extends RunOptionKey> = {
  readonly [K in Key as PropertyName<K>]?: ValueOf<K>;
};

/** The keys of all options, or of those of some parts, in the order of the table. */
export function keysOf<Chosen extends Part>(...parts: readonly Chosen[]): KeyOf<Chosen>[] {
  const keys = Object.keys(RUN_OPTIONS) as RunOptionKey[];
  return keys.filter((key) => (parts as readonly Part[]).includes(RUN_OPTIONS[key].part)) as KeyOf<Chosen>[];
}

/** One row of the table. */
export function runOption(key: RunOptionKey): RunOption {
  return RUN_OPTIONS[key];
}

/** The keys of the options that commands offer together. */
export function keysOfGroup(group: Group): RunOptionKey[] {
  return (Object.keys(RUN_OPTIONS) as RunOptionKey[]).filter((key) => RUN_OPTIONS[key].group === group);
}

/** The keys of the options that came to run files later. */
export const LATER_KEYS = (Object.keys(RUN_OPTIONS) as RunOptionKey[]).filter(
  (key): key is LaterKey => runOption(key).later === true,
);
