import type { Measurements } from './long-values.js';
import { METRICS, type UsualMetric } from './metrics.js';
import type { RunStatus } from './schema.js';

/** Means of float32 numbers that are all 1 may exceed it by rounding. */
const ROUNDING = 1e-6;
/** Files of others are computed in ways that we do not know, or from summaries; accuracies in percent are far above. */
const FOREIGN = 0.05;

/**
 * Values that no run can have measured: accuracies that are no fractions, and values that were not finite in a run that
 * says it was completed. One line for each list, with field, found and expected.
 */
export function implausibleValues(
  run: { readonly status: RunStatus } & Readonly<Partial<Record<UsualMetric, Measurements | null>>>,
  { ours }: { readonly ours: boolean },
): string[] {
  const most = 1 + (ours ? ROUNDING : FOREIGN);
  return METRICS.flatMap((metric) => {
    const list = run[metric] ?? [];
    const lost = run.status.state === 'completed' ? list.indexOf(null) : -1;
    if (lost >= 0) return [`field ${metric}.${lost}: found null, expected a number (the run is completed)`];
    if (!metric.endsWith('accuracies')) return [];
    const index = list.findIndex((value) => value !== null && (value < 0 || value > most));
    return index < 0 ? [] : [`field ${metric}.${index}: found ${list[index]}, expected a fraction from 0 to 1`];
  });
}
