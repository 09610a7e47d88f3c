import { studentInterval } from '../analysis/intervals.js';
import { mean, populationStd, quantile } from '../analysis/statistics.js';

/** What the repeats say about a ratio of two run times. */
export interface RatioSummary {
  /** The ratio of each repeat: both runs of a ratio are neighbours in time. */
  readonly values: readonly number[];
  readonly median: number;
  readonly mean: number;
  /** Divided by n, as DeepOBS' estimate_runtime and the published numbers. */
  readonly std: number;
  /**
   * 95 % interval of the typical (geometric mean) ratio: Student's t on the logarithms, so that the interval of the
   * inverse ratio is the inverse interval. Null for fewer than two repeats.
   */
  readonly interval: readonly [low: number, high: number] | null;
}

/** Summarises `seconds[i] / reference[i]` over the repeats i. */
export function summariseRatios(seconds: readonly number[], reference: readonly number[]): RatioSummary {
  const values = seconds.map((value, repeat) => value / (reference[repeat] ?? Number.NaN));
  const interval = studentInterval(values.map(Math.log));
  return {
    values,
    median: quantile(values, 0.5),
    mean: mean(values),
    std: populationStd(values),
    interval: interval === null ? null : [Math.exp(interval.low), Math.exp(interval.high)],
  };
}
