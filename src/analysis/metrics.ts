import { METRICS, type Metric } from '../results/index.js';

export { METRICS, type Metric };

/** True when larger is better. */
export function isAccuracy(metric: Metric): boolean {
  return metric.endsWith('accuracies');
}

/** The better of two values; a missing one is worse than any. */
export function better(metric: Metric, left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return isAccuracy(metric) ? Math.max(left, right) : Math.min(left, right);
}

/** Order for sorting: best first, missing values last. */
export function compareValues(metric: Metric, left: number | null, right: number | null): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return isAccuracy(metric) ? right - left : left - right;
}
