import { studentQuantile } from '../distributions.js';
import { at } from '../expect.js';
import { groupBy } from '../group-by.js';
import { randomStream } from '../random/index.js';
import { requireFinite } from './numbers.js';
import { type Resamples, resamplesOf } from './resamples.js';
import { mean, quantileOfSorted, sampleStd } from './statistics.js';
import { LANES, studentizedQuantiles } from './studentized-resamples.js';

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
  return bootstrapIntervals([values], options)[0] ?? null;
}

/**
 * {@link bootstrapInterval} of each of these samples, several at a time: the points of a curve share the resamples, and
 * the sums of one resample wait for each other, those of several samples do not.
 */
export function bootstrapIntervals(
  samples: readonly (readonly number[])[],
  options: IntervalOptions = {},
): (Interval | null)[] {
  const { level = 0.95, resamples = 9999, stream = 'mean' } = options;
  const intervals = samples.map((values) => {
    requireInput('bootstrapInterval', values, level);
    return isBootstrapped(values) ? null : studentInterval(values, { level });
  });
  const places = [...samples.keys()].filter((place) => isBootstrapped(at(samples, place)));
  for (const own of groupBy(places, (place) => samples[place]?.length ?? 0).values()) {
    for (let first = 0; first < own.length; first += LANES) {
      const lanes = own.slice(first, first + LANES);
      const made = resampledIntervals(
        lanes.map((place) => at(samples, place)),
        { level, resamples, stream },
      );
      for (const [lane, place] of lanes.entries()) intervals[place] = made[lane] ?? null;
    }
  }
  return intervals;
}

function isBootstrapped(values: readonly number[]): boolean {
  return values.length >= SMALLEST_BOOTSTRAP && sampleStd(values) > 0;
}

/** The bootstrap-t intervals of at most {@link LANES} samples of one size. */
function resampledIntervals(
  samples: readonly (readonly number[])[],
  { level, resamples, stream }: Required<IntervalOptions>,
): Interval[] {
  const n = samples[0]?.length ?? 0;
  const about = samples.map((values) => ({ centre: mean(values), spread: sampleStd(values) }));
  // Value by value, those of all samples together; what is left of the lanes is computed and not used.
  const deviations = new Float64Array(n * LANES);
  for (const [lane, values] of samples.entries()) {
    const { centre, spread } = about[lane] as (typeof about)[number];
    for (const [place, value] of values.entries()) deviations[place * LANES + lane] = (value - centre) / spread;
  }
  const drawn = resampledIndices(stream, n, resamples);
  const quantiles = studentizedQuantiles({ used: samples.length, deviations, resamples: drawn }, [
    (1 - level) / 2,
    (1 + level) / 2,
  ]);
  return about.map(({ centre, spread }, lane) => {
    const { low, high } = quantiles[lane] as (typeof quantiles)[number];
    const scale = spread / Math.sqrt(n);
    return { low: centre - high * scale, high: centre - low * scale, level, method: 'bootstrap-t' };
  });
}

/** Which values make up each resample, the latest ones kept: the points of a curve have the same number of values each. */
const recentIndices = new Map<string, Resamples>();
const INDICES_KEPT = 32;

function resampledIndices(stream: string, n: number, resamples: number): Resamples {
  const key = JSON.stringify([stream, n, resamples]);
  const known = recentIndices.get(key);
  if (known !== undefined) return known;
  const random = randomStream(0, 'analysis', 'bootstrap', stream);
  // A quarter of the memory, so that it stays near the processor.
  const indices = n <= 256 ? new Uint8Array(resamples * n) : new Uint32Array(resamples * n);
  for (let draw = 0; draw < indices.length; draw++) indices[draw] = random.integer(n);
  const [oldest] = recentIndices.keys();
  if (recentIndices.size >= INDICES_KEPT && oldest !== undefined) recentIndices.delete(oldest);
  const drawn = resamplesOf(n, indices);
  recentIndices.set(key, drawn);
  return drawn;
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
    for (let draw = 0; draw < values.length; draw++) sum += values[random.integer(values.length)] as number;
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
