import type { RecordedRun } from '../results/index.js';
import type { BestOf } from './best-of.js';
import type { Interval } from './intervals.js';
import type { Metric } from './metrics.js';
import type { StatusCounts } from './settings.js';
import type { Summary } from './statistics.js';
import type { TargetOutcome } from './time-to-target.js';

/** One evaluation of a setting, over its completed runs. The last one is the `final` of the row, interval included. */
export interface CurvePoint extends Summary {
  /** From 0, before training. */
  readonly epoch: number;
  readonly steps: number | null;
  /** Seconds of training until then, mean over the completed runs; wall time by the same rule as in the row. */
  readonly wallSeconds: number | null;
  readonly cpuSeconds: number | null;
  /** Cost of training until then in gradients of a minibatch, mean over the completed runs; null where a file does not count. */
  readonly gradientEquivalents: number | null;
  readonly interval: Interval | null;
}

/** One run of a row. */
export interface RunDetail {
  readonly seed: number;
  readonly file: string;
  readonly status: RecordedRun['status'];
  readonly curves: RecordedRun['curves'];
  /** Last value of the table's metric; null for a run that did not complete. */
  readonly final: number | null;
  /** Seconds of training per epoch. */
  readonly wallSecondsPerEpoch: number | null;
  readonly cpuSecondsPerEpoch: number | null;
  readonly gradientEquivalentsPerEpoch: number | null;
  readonly undisturbed: boolean | null;
  /** Null without a target. */
  readonly target: TargetOutcome | null;
}

/** A setting from which the row's was chosen. */
export interface TriedSetting {
  readonly hyperparameters: RecordedRun['hyperparameters'];
  readonly trainingParameters: RecordedRun['trainingParameters'];
  readonly chosen: boolean;
  readonly counts: StatusCounts;
  /** What it was ranked by. */
  readonly selected: number | null;
  /** Of the table's metric. */
  readonly final: Summary;
  readonly runs: readonly {
    readonly seed: number;
    readonly state: RecordedRun['status']['state'];
    readonly final: number | null;
  }[];
}

/** What figures need of a row beyond its columns. */
export interface RowDetail {
  /** Null for a metric that was not measured. */
  readonly curves: Readonly<Partial<Record<Metric, readonly CurvePoint[] | null>>>;
  readonly runs: readonly RunDetail[];
  /** Best first. */
  readonly tried: readonly TriedSetting[];
  /** What the best of k of the tried settings reaches; empty for fewer than two. */
  readonly bestOf: readonly BestOf[];
}
