import type { Metric } from '../results/index.js';

/** Mean of a metric over seeds at one epoch (or at one value of a hyperparameter). */
export interface CurvePoint {
  readonly x: number;
  readonly n: number;
  readonly value: number;
  /** Band around the value; null where there is none, for instance of a single run. */
  readonly low: number | null;
  readonly high: number | null;
  /** Divided by n − 1; null of a single run. */
  readonly std: number | null;
}

/** A line of a figure: what was measured, or what was published, under one name. */
export interface Curve {
  /** Names the line; ours and the published one of the same thing have the same. */
  readonly key: string;
  readonly points: readonly CurvePoint[];
  /** Where each run that diverged, failed or was interrupted has its mark: its last epoch, or its value on the axis. */
  readonly lostAt: readonly number[];
  /** The run files that the line is made of; absent of a published one. */
  readonly files?: readonly string[];
}

/** A panel of a figure. */
export interface CurvePanel {
  readonly title: string;
  readonly metric: Metric;
  readonly curves: readonly Curve[];
}
