import { compare } from '../analysis/index.js';
import { groupBy } from '../group-by.js';
import { METRICS, type Metric, type RecordedRun } from '../results/index.js';
import type { Curve } from './curve.js';

/**
 * Mean curves by the label of the plan's entry, as `compare` computes them, with 95 % intervals of the mean. The runs of one
 * label on one test problem differ in their seeds alone.
 */
export function measuredCurves(runs: readonly RecordedRun[], metric: Metric): Curve[] {
  return [...groupBy(runs, ({ label }) => label ?? '')].map(([key, own]) => {
    const row = compare(own, { details: true }).tables[0]?.rows[0];
    return {
      key,
      lost: own.filter(({ status }) => status.state !== 'completed').length,
      points: (row?.detail?.curves[metric] ?? []).flatMap(({ epoch, n, mean, interval, sampleStd }) =>
        mean === null
          ? []
          : [{ x: epoch, n, value: mean, std: sampleStd, low: interval?.low ?? null, high: interval?.high ?? null }],
      ),
    };
  });
}

/** Whether the runs are on the published images, so that they can be set beside published figures. */
export function onRealData(runs: readonly RecordedRun[]): boolean {
  return runs.length > 0 && runs.every(({ conditions }) => conditions.dataSource !== 'synthetic');
}

/** Losses and accuracies of the validation and test data: those of the training data were published on other images. */
export const COMPARABLE = METRICS.filter((metric) => !metric.startsWith('train_'));
