import { compareValues } from '../analysis/metrics.js';
import type { Metric } from '../results/index.js';
import type { PlanPruning } from './plan-pruning.js';

/** A setting at a decision: the curve of the metric that decides, mean over its seeds, as far as it is trained. */
export interface Trial {
  /** From before the training on; null where a run had diverged or failed by then. */
  readonly curve: readonly (number | null)[];
  /** After which epoch an earlier decision has stopped it; null where none has. */
  readonly prunedAfter: number | null;
}

/** What a decision says of a trial that it stops. */
export interface Stopped {
  readonly index: number;
  readonly reason: string;
}

/**
 * The trials that a decision after so many epochs stops, in their order. It depends on the trials' curves up to that epoch
 * alone; of equal ones the first goes on.
 *
 * - `halving`: successive halving (Jamieson & Talwalkar 2016): of n trials the ⌊n / factor⌋ best by the value after that
 *   epoch go on, at least one.
 * - `median`: the median stopping rule (Golovin et al. 2017, section 3.2.2): a trial stops whose best value so far is worse
 *   than the median, over all trials, of the means of their values so far; a trial that was stopped before counts with what it had. Where Vizier
 *   waits for completed trials, all are at the same epoch here.
 */
export function decide(pruning: PlanPruning, metric: Metric, trials: readonly Trial[], epoch: number): Stopped[] {
  const running = trials.flatMap((trial, index) => (trial.prunedAfter === null ? [{ ...trial, index }] : []));
  if (pruning.rule === 'halving') {
    const ranked = [...running].sort(
      (left, right) => compareValues(metric, valueAt(left, epoch), valueAt(right, epoch)) || left.index - right.index,
    );
    const kept = Math.max(1, Math.floor(ranked.length / pruning.factor));
    return ranked
      .slice(kept)
      .map((trial, place) => ({
        index: trial.index,
        reason: `rank ${kept + place + 1} of ${ranked.length}, ${kept} went on: ${shown(metric, valueAt(trial, epoch))}`,
      }))
      .sort((left, right) => left.index - right.index);
  }
  const medianOfMeans = median(
    metric,
    trials.map((trial) => meanUpTo(trial, epoch)),
  );
  return running.flatMap((trial): Stopped[] => {
    const best = bestUpTo(metric, trial, epoch);
    if (compareValues(metric, best, medianOfMeans) <= 0) return [];
    return [{ index: trial.index, reason: `best ${shown(metric, best)}, median of means ${text(medianOfMeans)}` }];
  });
}

function valueAt({ curve }: Trial, epoch: number): number | null {
  return curve[epoch] ?? null;
}

/** The values after the first epoch and later ones up to this; null where one is not finite. */
function upTo({ curve, prunedAfter }: Trial, epoch: number): number[] | null {
  const values = curve.slice(1, Math.min(epoch, prunedAfter ?? epoch) + 1);
  return values.length > 0 && values.every((value) => value !== null) ? values : null;
}

function meanUpTo(trial: Trial, epoch: number): number | null {
  const values = upTo(trial, epoch);
  return values === null ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function bestUpTo(metric: Metric, trial: Trial, epoch: number): number | null {
  const values = upTo(trial, epoch);
  return values?.toSorted((left, right) => compareValues(metric, left, right))[0] ?? null;
}

/** The lower one of two in the middle, so that half of the trials are never worse. */
function median(metric: Metric, values: readonly (number | null)[]): number | null {
  const sorted = values.toSorted((left, right) => compareValues(metric, left, right));
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function shown(metric: Metric, value: number | null): string {
  return `${metric} ${text(value)}`;
}

function text(value: number | null): string {
  return value === null ? 'not finite' : String(Number(value.toPrecision(5)));
}
