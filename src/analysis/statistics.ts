import { requireFinite, requireOrdered } from './numbers.js';

/** What is said about the values of several seeds. Null where too few values make it undefined. */
export interface Summary {
  readonly n: number;
  readonly mean: number | null;
  /** Divided by n − 1: estimates the spread of further seeds. Null for fewer than two values. */
  readonly sampleStd: number | null;
  /** Divided by n (NumPy's default, and what DeepOBS publishes). */
  readonly populationStd: number | null;
  readonly median: number | null;
  readonly lowerQuartile: number | null;
  readonly upperQuartile: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** The summary of finite numbers; all but n is null when there are none. Throws RangeError for what is not finite. */
export function summarise(values: readonly number[]): Summary {
  requireFinite('summarise', values);
  if (values.length === 0) return { n: 0, ...NOTHING };
  const sorted = [...values].sort((left, right) => left - right);
  return {
    n: values.length,
    mean: mean(values),
    sampleStd: values.length < 2 ? null : sampleStd(values),
    populationStd: populationStd(values),
    median: quantileOfSorted(sorted, 0.5),
    lowerQuartile: quantileOfSorted(sorted, 0.25),
    upperQuartile: quantileOfSorted(sorted, 0.75),
    minimum: sorted[0] ?? null,
    maximum: sorted.at(-1) ?? null,
  };
}

const NOTHING = {
  mean: null,
  sampleStd: null,
  populationStd: null,
  median: null,
  lowerQuartile: null,
  upperQuartile: null,
  minimum: null,
  maximum: null,
} as const;

/** Arithmetic mean; NaN of nothing. Throws RangeError for what is not finite. */
export function mean(values: readonly number[]): number {
  requireFinite('mean', values);
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** √(Σ(x − x̄)² / (n − 1)); NaN for fewer than two values. Throws RangeError for what is not finite. */
export function sampleStd(values: readonly number[]): number {
  requireFinite('sampleStd', values);
  return values.length < 2 ? Number.NaN : Math.sqrt(squaredDeviations(values) / (values.length - 1));
}

/** √(Σ(x − x̄)² / n), NumPy's std with its default ddof = 0; NaN of nothing. Throws RangeError for what is not finite. */
export function populationStd(values: readonly number[]): number {
  requireFinite('populationStd', values);
  return Math.sqrt(squaredDeviations(values) / values.length);
}

/**
 * The q-quantile (0 ≤ q ≤ 1) by linear interpolation between order statistics, as NumPy does by default; NaN of nothing.
 * Values may be infinite. Throws RangeError for NaN, and for a q out of range.
 */
export function quantile(values: readonly number[], q: number): number {
  requireOrdered('quantile', values);
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: found q = ${q}, expected 0 to 1`);
  return quantileOfSorted(
    [...values].sort((left, right) => left - right),
    q,
  );
}

/** {@link quantile} of values that are already in ascending order; they may be infinite, as long as both neighbours are. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const index = Math.floor(position);
  const low = sorted[index] ?? Number.NaN;
  const high = sorted[index + 1] ?? low;
  return position === index || low === high ? low : low + (position - index) * (high - low);
}

function squaredDeviations(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((total, value) => total + (value - centre) ** 2, 0);
}
