import type { Metric } from '../../results/index.js';

/** What curves are drawn over. */
export type CurveAxis = 'epochs' | 'steps' | 'seconds' | 'cpu-seconds' | 'gradients';

/** What the band around a curve is. */
export type Band = 'interval' | 'quartiles' | 'range' | 'none';

/** How figures are drawn; each kind reads what concerns it. */
export interface FigureOptions {
  /** Metrics of the learning curves; the metric of each table without it. */
  readonly metrics?: readonly Metric[];
  readonly over: CurveAxis;
  readonly centre: 'mean' | 'median';
  readonly band: Band;
  /** Single runs as thin lines. */
  readonly seeds: boolean;
  readonly scale: 'auto' | 'log' | 'linear';
  /** Hyperparameters of sensitivity and heat map; the one with the most values without them. */
  readonly x?: string;
  readonly y?: string;
}

/** What is drawn when nothing is said. */
export const DEFAULT_OPTIONS: FigureOptions = {
  over: 'epochs',
  centre: 'mean',
  band: 'interval',
  seeds: false,
  scale: 'auto',
};
