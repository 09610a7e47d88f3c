import { ConfigurationError } from '../errors.js';
import { didYouMean } from '../names.js';
import { METRICS, type Metric, metricsOf, type RecordedRun } from '../results/index.js';

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

/**
 * A metric beyond the usual ones is a mistake where no run has it; of the usual ones there are fall-backs, and without runs nothing
 * is known. Throws ConfigurationError with the metrics that the runs have.
 */
export function checkMetric(
  option: string,
  metric: Metric | undefined,
  runs: readonly Pick<RecordedRun, 'curves'>[],
): void {
  if (metric === undefined || runs.length === 0 || (METRICS as readonly string[]).includes(metric)) return;
  const known: readonly string[] = [...new Set(runs.flatMap(({ curves }) => metricsOf(curves)))];
  if (known.includes(metric)) return;
  throw new ConfigurationError({
    subject: option,
    found: JSON.stringify(metric),
    expected: `one of ${known.join(', ')}${didYouMean(metric, known)}`,
  });
}
