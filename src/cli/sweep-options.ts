import type { SelectionMode } from '../analysis/selection-mode.js';
import type { Condition } from '../condition.js';
import type { Metric } from '../results/metrics.js';
import type { PlanTrust } from '../sweep/plan.js';
import type { RunOptions } from './options.js';

/** In which forms `sweep commands` writes. */
export const COMMAND_FORMATS = ['lines', 'parallel', 'slurm', 'kubernetes'] as const;

/** Options of `sweep plan` after parsing; what is absent was not given. */
export interface SweepPlanOptions
  extends Omit<
    RunOptions,
    'testproblem' | 'optimizer' | 'seed' | 'resume' | 'stopAfterEpoch' | 'quiet' | 'json' | 'debug' | 'help'
  > {
  readonly testproblem?: string[];
  readonly optimizer?: string[];
  readonly grid?: string[];
  readonly random?: string[];
  readonly samples?: number;
  readonly samplingSeed?: number;
  readonly halton?: boolean;
  readonly prune?: 'halving' | 'median';
  readonly seeds: number[];
  readonly name?: string;
  readonly jobs?: number;
  readonly output: string;
}

/** Options of `sweep commands` after parsing. */
export interface SweepCommandsOptions extends PlanTrust {
  readonly only: readonly Condition[];
  readonly missing?: boolean;
  readonly format: (typeof COMMAND_FORMATS)[number];
  readonly output?: string;
  readonly program?: string;
  readonly epochSeconds?: number;
  readonly signalSeconds: number;
  readonly maxRestarts: number;
  readonly rerunSeeds?: number[];
  readonly overwrite?: boolean;
}

/** Options of `sweep run` after parsing. */
export interface SweepRunOptions extends PlanTrust {
  readonly only: readonly Condition[];
  readonly dryRun?: boolean;
  readonly retry: number;
  readonly jobs?: number;
  readonly index?: number;
  readonly keepGoing: boolean;
  readonly resourceCheck?: boolean;
  readonly threads?: number;
  /** A folder on this machine's own disk, to which the data sets are copied first. */
  readonly scratch?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** Options of `sweep status` after parsing. */
export interface SweepStatusOptions extends PlanTrust {
  readonly only: readonly Condition[];
  readonly all?: boolean;
  readonly json?: boolean;
  /** Seconds between two looks; true for the usual number. */
  readonly watch?: number | true;
}

/** Options of `sweep best` after parsing. */
export interface SweepBestOptions extends PlanTrust {
  readonly metric: Metric;
  readonly mode: SelectionMode;
  readonly json?: boolean;
}

/** Options of `sweep rerun-best` after parsing. */
export interface SweepRerunOptions extends PlanTrust {
  readonly seeds: number[];
  readonly metric: Metric;
  readonly mode: SelectionMode;
  readonly output?: string;
  readonly unfinished?: boolean;
  readonly overwrite?: boolean;
}
