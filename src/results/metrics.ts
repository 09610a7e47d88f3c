/** The evaluated sets, as the names of curves begin. */
export const EVALUATED_SETS = ['train', 'valid', 'test'] as const;

/** The curves that every test problem has: one value per evaluation, the first before training. */
export const LOSSES = ['train_losses', 'valid_losses', 'test_losses'] as const;

/** Those that a test problem with accuracies has as well. */
export const ACCURACIES = ['train_accuracies', 'valid_accuracies', 'test_accuracies'] as const;

/** All of these, under DeepOBS' names, which are also the keys of run files. */
export const METRICS = [...LOSSES, ...ACCURACIES] as const;

/** One of {@link METRICS}. */
export type UsualMetric = (typeof METRICS)[number];

/**
 * A curve: one of {@link METRICS}, by DeepOBS's name, or what a test problem's loss reports besides, by the set on which it is
 * measured and its name, such as `test_reconstruction`.
 */
export type Metric = `${(typeof EVALUATED_SETS)[number]}_${string}`;

/** An object with a value for each of some curves. */
export function eachMetric<Name extends UsualMetric, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
