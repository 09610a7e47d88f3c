import type { SelectionMode } from '../analysis/selection-mode.js';
import type { Metric } from '../results/metrics.js';

/** In which formats a comparison is printed. */
export const COMPARE_FORMATS = ['table', 'json', 'csv', 'latex', 'markdown'] as const;

/** What is compared, and how, after parsing; what is absent was not given. */
export interface ComparisonOptions {
  readonly baselines: string;
  readonly metric?: Metric;
  readonly selectBy?: Metric;
  readonly mode: SelectionMode;
  readonly reference?: string;
  readonly target: string[];
  readonly testproblems?: string[];
  readonly optimizers?: string[];
  readonly allSettings?: boolean;
  readonly groupBy?: string[];
  readonly where: string[];
  readonly plan?: string;
  /** Whether the plan's own files may be loaded. */
  readonly allowUserCode?: boolean;
  readonly wallTime?: boolean;
  readonly allowMismatch?: boolean;
}

/** Options of `compare`. */
export interface CompareCommandOptions extends ComparisonOptions {
  readonly details?: boolean;
  readonly curves?: boolean;
  readonly columns?: string[];
  readonly metrics?: Metric[];
  readonly label?: string;
  readonly caption?: string;
  readonly format: (typeof COMPARE_FORMATS)[number];
}
