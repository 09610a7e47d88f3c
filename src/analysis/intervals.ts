import { studentQuantile } from '../distributions.js';
import { randomStream } from '../random/index.js';
import { requireFinite } from './numbers.js';
import { selectQuantile } from './order-statistics.js';
import { mean, quantileOfSorted, sampleStd } from './statistics.js';

/** A confidence interval and how it was made. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly method: 't' | 'bootstrap-t' | 'bootstrap-percentile' | 'welch';
}

/** How an interval is made; the defaults are 95 % and the fixed random stream of this project. */
export interface IntervalOptions {
  readonly level?: number;
  readonly resamples?: number;
  /** Names the random stream of a bootstrap; equal names and data give equal intervals on every machine. */
  readonly stream?: string;
}

/**
 * Student's t interval of the mean, exact for normal values: x̄ ± t·s/√n. Null for fewer than two values.
 * docs/analysis.md says what it covers for others. Throws RangeError for what is not finite, as all intervals here.
 */
export function studentInterval(values: readonly number[], { level = 0.95 }: IntervalOptions = {}): Interval | null {
  requireInput('studentInterval', values, level);
  if (values.length < 2) return null;
  return studentIntervalOf({ mean: mean(values), sampleStd: sampleStd(values), n: values.length }, level);
}

/** {@link studentInterval} when only mean, sample standard deviation and number are known (published baselines). */
export function studentIntervalOf(
  summary: { readonly mean: number; readonly sampleStd: number; readonly n: number },
  level = 0.95,
): Interval | null {
  if (summary.n < 2) return null;
  requireInput('studentIntervalOf', [summary.mean, summary.sampleStd], level);
  const margin = (studentQuantile((1 + level) / 2, summary.n - 1) * summary.sampleStd) / Math.sqrt(summary.n);
  return { low: summary.mean - margin, high: summary.mean + margin, level, method: 't' };
}

/**
 * The bootstrap-t interval of the mean over seeds (Efron & Tibshirani 1993, chapter 12): quantiles of the resampled
 * (m − x̄) √n / s, m and s those of a resample, take the place of Student's, so that skewed values give an interval that is not symmetric.
 * Resamples without spread say nothing about t and are left out. Null for fewer than two values; for fewer than
 * {@link SMALLEST_BOOTSTRAP} or for equal values it is Student's interval, because the resamples are too few to know tails.
 */
export function bootstrapInterval(values: readonly number[], options: IntervalOptions = {}): Interval | null {
  const { level = 0.95, resamples = 9999, stream = 'mean' } = options;
  requireInput('bootstrapInterval', values, level);
  const spread = sampleStd(values);
  if (values.length < SMALLEST_BOOTSTRAP || !(spread > 0)) return studentInterval(values, { level });
  const centre = mean(values);
  const n = values.length;
  const chosen = resampledIndices(stream, n, resamples);
  const deviations = Float64Array.from(values, (value) => (value - centre) / spread);
  const draws = new Float64Array(resamples);
  let kept = 0;
  for (let start = 0; start < resamples * n; start += n) {
    let sum = 0;
    let squares = 0;
    for (let draw = start; draw < start + n; draw++) {
      const deviation = deviations[chosen[draw] as number] as number;
      sum += deviation;
      squares += deviation * deviation;
    }
    const variance = (squares - (sum * sum) / n) / (n - 1);
    if (variance > 1e-12) draws[kept++] = sum / n / Math.sqrt(variance / n);
  }
  const used = draws.subarray(0, kept);
  const scale = spread / Math.sqrt(n);
  return {
    low: centre - selectQuantile(used, (1 + level) / 2) * scale,
    high: centre - selectQuantile(used, (1 - level) / 2) * scale,
    level,
    method: 'bootstrap-t',
  };
}

/** Which values make up each resample, the latest ones kept: the points of a curve have the same number of values each. */
const recentIndices = new Map<string, Uint32Array>();
const INDICES_KEPT = 8;

function resampledIndices(stream: string, n: number, resamples: number): Uint32Array {
  const key = JSON.stringify([stream, n, resamples]);
  const known = recentIndices.get(key);
  if (known !== undefined) return known;
  const random = randomStream(0, 'analysis', 'bootstrap', stream);
  const indices = Uint32Array.from({ length: resamples * n }, () => random.integer(n));
  const [oldest] = recentIndices.keys();
  if (recentIndices.size >= INDICES_KEPT && oldest !== undefined) recentIndices.delete(oldest);
  recentIndices.set(key, indices);
  return indices;
}

/** From this number of values on a bootstrap is used; below, Student's interval (see docs/analysis.md). */
export const SMALLEST_BOOTSTRAP = 8;

/**
 * The percentile bootstrap of the mean: quantiles of resampled means. Too short for few values (at n = 10 it covers about
 * 90 % instead of 95 %); here for comparison with tools that report it.
 */
export function percentileInterval(values: readonly number[], options: IntervalOptions = {}): Interval | null {
  const { level = 0.95, resamples = 9999, stream = 'mean' } = options;
  requireInput('percentileInterval', values, level);
  if (values.length < 2) return null;
  const random = randomStream(0, 'analysis', 'bootstrap', stream);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++) sum += values[random.integer(values.length)] ?? 0;
    return sum / values.length;
  }).sort();
  return {
    low: quantileOfSorted(means, (1 - level) / 2),
    high: quantileOfSorted(means, (1 + level) / 2),
    level,
    method: 'bootstrap-percentile',
  };
}

function requireInput(what: string, values: readonly number[], level: number): void {
  requireFinite(what, values);
  if (!(level > 0 && level < 1))
    throw new RangeError(`${what}: found the level ${level}, expected more than 0, less than 1`);
}
