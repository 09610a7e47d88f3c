import { hasEnded, type RecordedRun } from '../results/index.js';
import { isAccuracy } from './metrics.js';
import { SAME_COUNT } from './numbers.js';
import { mean, quantile } from './statistics.js';
import type { Target } from './targets.js';

/** What one run says about a target. */
export type TargetOutcome =
  /** Epochs and seconds of training (evaluation not counted; null when not recorded) until the target was first met. */
  | { readonly kind: 'reached'; readonly epoch: number; readonly seconds: number | null }
  /** Completed or diverged without. */
  | { readonly kind: 'missed' }
  /** Interrupted or failed before: it might have. */
  | { readonly kind: 'unknown' };

/** What the runs of a setting say about a target. */
export interface TargetSummary {
  readonly target: Target;
  readonly reached: number;
  readonly missed: number;
  readonly unknown: number;
  /**
   * Over reached and missed runs, a miss counting as later than everything: null when the median is a miss, so that a miss
   * is never a number. Epochs are counted from 0, before training.
   */
  readonly medianEpoch: number | null;
  readonly medianSeconds: number | null;
  /**
   * DeepOBS' speed: the mean over the seeds of the first epoch that met the target, num_epochs + 1 for a run that missed it;
   * null without a decided run. It is here to be set beside published tables: the mean of a number that stands for "missed"
   * depends on how long the runs were.
   */
  readonly deepobsSpeed: number | null;
}

/** When a run first met the target; a value that differs from it by the rounding of single precision only has met it. */
export function timeToTarget(run: RecordedRun, target: Target): TargetOutcome {
  const curve = run.curves[target.metric] ?? [];
  const rounding = SAME_COUNT * Math.abs(target.value);
  const met = (value: number | null) =>
    value !== null && (isAccuracy(target.metric) ? value >= target.value - rounding : value <= target.value + rounding);
  const epoch = curve.findIndex(met);
  if (epoch < 0) {
    return { kind: hasEnded(run.status.state) ? 'missed' : 'unknown' };
  }
  const wall = run.timing?.wallSeconds.slice(0, epoch) ?? null;
  return { kind: 'reached', epoch, seconds: wall === null ? null : wall.reduce((sum, seconds) => sum + seconds, 0) };
}

/** {@link timeToTarget} over the runs of a setting. */
export function summariseTarget(runs: readonly RecordedRun[], target: Target): TargetSummary {
  const outcomes = runs.map((run) => timeToTarget(run, target));
  const decided = outcomes.filter((outcome) => outcome.kind !== 'unknown');
  const median = (value: (outcome: Extract<TargetOutcome, { kind: 'reached' }>) => number | null) => {
    const times = decided.map((outcome) => (outcome.kind === 'reached' ? value(outcome) : Number.POSITIVE_INFINITY));
    const known = times.filter((time) => time !== null);
    const middle = known.length === 0 || known.length < times.length ? Number.NaN : quantile(known, 0.5);
    return Number.isFinite(middle) ? middle : null;
  };
  const speeds = runs.flatMap((run, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || outcome.kind === 'unknown') return [];
    return [outcome.kind === 'reached' ? outcome.epoch : run.numEpochs + 1];
  });
  return {
    target,
    deepobsSpeed: speeds.length === 0 ? null : mean(speeds),
    reached: outcomes.filter(({ kind }) => kind === 'reached').length,
    missed: outcomes.filter(({ kind }) => kind === 'missed').length,
    unknown: outcomes.filter(({ kind }) => kind === 'unknown').length,
    medianEpoch: median(({ epoch }) => epoch),
    medianSeconds: median(({ seconds }) => seconds),
  };
}
