/** Mean and standard deviation of some numbers. */
export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Divided by n, as the published ones are. */
  readonly std: number;
}

/** Mean and population standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  return { n, mean, std: Math.sqrt(variance) };
}

/** How many standard errors two means are apart (Welch); null where neither has a spread. */
export function standardErrorsApart(one: Spread, other: Spread): number | null {
  const square = ({ std, n }: Spread) => (n < 2 ? 0 : std ** 2 / (n - 1));
  const error = Math.sqrt(square(one) + square(other));
  return error === 0 ? null : (one.mean - other.mean) / error;
}
