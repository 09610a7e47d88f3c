import type { Metric } from '../results/metrics.js';
import type { ComparisonOptions } from './result-options.js';

/** The figures that `plot` draws. */
export const PLOT_KINDS = [
  'learning-curves',
  'grid',
  'sensitivity',
  'heatmap',
  'best-of-k',
  'finals',
  'differences',
  'runtime',
  'time-to-target',
  'profiles',
  'matrix',
  'quantities',
  'spectral-density',
  'scree',
  'edge-of-stability',
  'overlap',
  'curvature-blocks',
  'calibration',
] as const;

/** Options of `plot` after parsing; what is absent was not given. */
export interface PlotCommandOptions extends ComparisonOptions {
  readonly output: string;
  readonly format?: 'svg' | 'png' | 'pdf' | 'json' | 'tikz';
  readonly data?: string;
  readonly width: number;
  readonly fontSize: number;
  readonly dpi: number;
  readonly outlines?: boolean;
  readonly metrics?: Metric[];
  readonly quantities?: string[];
  readonly over: 'epochs' | 'steps' | 'seconds' | 'cpu-seconds' | 'gradients';
  readonly centre: 'mean' | 'median';
  readonly band: 'interval' | 'quartiles' | 'range' | 'none';
  readonly seeds?: boolean;
  readonly scale: 'auto' | 'log' | 'linear';
  readonly x?: string;
  readonly y?: string;
}

/** Options of `report` after parsing. */
export interface ReportCommandOptions extends ComparisonOptions {
  readonly output: string;
  readonly title?: string;
  readonly interactive: boolean;
}
