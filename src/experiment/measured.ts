import { compare } from '../analysis/index.js';
import { groupBy } from '../group-by.js';
import { METRICS, type Metric, type RecordedRun, type UsualMetric } from '../results/index.js';
import { type Agreement, agreement } from './agreement.js';
import type { Curve } from './curve.js';

/**
 * Mean curves by the label of the plan's entry, as `compare` computes them, with 95 % intervals of the mean. The runs of one
 * label on one test problem differ in their seeds alone. They are compared once, whatever metrics are asked for.
 */
export function measuredCurves(runs: readonly RecordedRun[]): (metric: Metric) => Curve[] {
  const labels = [...groupBy(runs, ({ label }) => label ?? '')].map(([key, own]) => ({
    key,
    lostAt: lostRuns(own).map(({ status }) => status.epoch),
    files: own.map(({ file }) => file),
    curves: compare(own, { details: true }).tables[0]?.rows[0]?.detail?.curves,
  }));
  return (metric) =>
    labels.map(({ key, lostAt, files, curves }) => ({
      key,
      lostAt,
      files,
      points: (curves?.[metric] ?? []).flatMap(({ epoch, n, mean, interval, sampleStd }) =>
        mean === null
          ? []
          : [{ x: epoch, n, value: mean, std: sampleStd, low: interval?.low ?? null, high: interval?.high ?? null }],
      ),
    }));
}

/** The runs that have no final value. */
export function lostRuns(runs: readonly RecordedRun[]): RecordedRun[] {
  return runs.filter(({ status }) => status.state !== 'completed');
}

/** Whether the runs are on the published images, so that they can be set beside published figures. */
export function onRealData(runs: readonly RecordedRun[]): boolean {
  return runs.length > 0 && runs.every(({ conditions }) => conditions.dataSource !== 'synthetic');
}

/** Our curves beside the published ones of the same names, on the metrics that can be compared; none on synthetic data. */
export function agreements(runs: readonly RecordedRun[], { ours, published, where = '' }: CurvesBeside): Agreement[] {
  if (!onRealData(runs)) return [];
  return COMPARABLE.flatMap((metric) => {
    const theirs = published(metric);
    return ours(metric).flatMap((curve) => {
      const other = theirs.find(({ key }) => key === curve.key);
      return other === undefined ? [] : [agreement(`${where}${metric}`, curve, other)];
    });
  });
}

interface CurvesBeside {
  readonly ours: (metric: Metric) => readonly Curve[];
  readonly published: (metric: UsualMetric) => readonly Curve[];
  /** What stands before the metric's name. */
  readonly where?: string;
}

/** Losses and accuracies of the validation and test data: those of the training data were published on other images. */
const COMPARABLE = METRICS.filter((metric) => !metric.startsWith('train_'));
