import {
  expectationOf,
  LATER_KEYS,
  type LaterKey,
  type RunOptionKey,
  runOption,
  type ValueOf,
} from '../run-options/index.js';

/**
 * In which version of its test problem a run was trained, where that is not the default one (DeepOBS' PyTorch line, DeepOBS'
 * initialisation): equal for two runs of the same network with the same initial distribution.
 */
export type ProblemVersion = { readonly [Key in LaterKey]?: ValueOf<Key> };

/** The version that a configuration, a run file or the parameters of a training state. */
export function problemVersion(stated: Readonly<Partial<Record<LaterKey, unknown>>>): ProblemVersion {
  return Object.fromEntries(
    LATER_KEYS.flatMap((key) => (isOther(key, stated[key]) ? [[key, stated[key]]] : [])),
  ) as ProblemVersion;
}

function isOther(key: RunOptionKey, value: unknown): boolean {
  return value != null && value !== runOption(key).default && expectationOf(key, value) === null;
}

/** What is not about the version: everything but its options where they have one of their values. */
export function withoutVersion<T>(parameters: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const rest = Object.entries(parameters).filter(
    ([name, value]) => !LATER_KEYS.some((key) => key === name && expectationOf(key, value) === null),
  );
  return rest.length === Object.keys(parameters).length ? parameters : Object.fromEntries(rest);
}
