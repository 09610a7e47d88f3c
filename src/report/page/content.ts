import type { Comparison } from '../../analysis/index.js';
import type { RunFile } from '../../results/index.js';
import type { RunQuantities } from '../figures/index.js';

/** What a page says about the making of one run. */
export interface RunFacts {
  readonly testproblem: string;
  /** The row that the run stands in. */
  readonly optimizer: string;
  readonly seed: number;
  readonly suiteVersion: string;
  readonly protocolVersion: number;
  readonly startedAt: string;
  readonly environment: RunFile['environment'];
  readonly dataset: RunFile['dataset'];
  readonly configuration: RunFile['configuration'];
}

/** Everything that a page is made from. */
export interface ReportContent {
  readonly title: string;
  readonly version: string;
  readonly comparison: Comparison;
  readonly facts: readonly RunFacts[];
  readonly quantities: readonly RunQuantities[];
  /** Files that could not be read, one line each. */
  readonly faults: readonly string[];
  /** The chart library for the page; null for a page without it. */
  readonly library: { readonly vega: string; readonly vegaLite: string } | null;
}
