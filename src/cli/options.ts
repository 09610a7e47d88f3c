import type { PreconditionerName } from '../landscape/index.js';
import type { KeyInGroup, ParsedOptions, RunOptionKey } from '../run-options/index.js';
import type { LogTarget } from './run-logs.js';
import type { TRAINING_GROUPS } from './training-options.js';

/** What `list` can list. */
export const LISTS = ['testproblems', 'optimizers', 'datasets', 'engines', 'baselines', 'runs'] as const;

/** One of the things that `list` can list. */
export type ListName = Exclude<(typeof LISTS)[number], 'runs'>;

/** Options of `list` after parsing. */
export interface ListOptions {
  readonly format: 'text' | 'json';
  readonly json?: boolean;
  readonly where: string[];
  readonly conformance?: boolean;
}

/** Options of every command that trains or measures: on which data and where; what is absent was not given. */
type ProblemOptions = ParsedOptions<KeyInGroup<(typeof TRAINING_GROUPS)[number]>>;

/** Options of `run` after parsing; what is absent was not given. */
export interface RunOptions extends Omit<ParsedOptions<RunOptionKey>, 'outputDir' | 'resume' | 'log' | 'tag'> {
  readonly outputDir: string;
  readonly resume: boolean;
  readonly log?: LogTarget[];
  readonly tag?: string[];
  readonly debug?: boolean;
  readonly help?: boolean;
}

/** Options of `runtime` after parsing; what is absent was not given. */
export interface RuntimeOptions extends ProblemOptions {
  readonly testproblem: string;
  readonly optimizers?: string[];
  readonly set: string[];
  readonly lr: number;
  readonly repeats: number;
  readonly numEpochs: number;
  readonly batchSize: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Options of `curvature` after parsing; what is absent was not given. */
export interface CurvatureOptions extends ProblemOptions {
  readonly testproblem?: string;
  readonly run?: string;
  readonly epochs?: number[];
  readonly optimizer?: string;
  readonly at?: number[];
  readonly seed?: number;
  readonly batchSize?: number;
  readonly l2Reg?: number;
  readonly matrix: 'hessian' | 'gauss-newton';
  readonly by: 'all' | 'group' | 'layer';
  readonly mode: 'train' | 'eval';
  readonly split: 'train' | 'valid';
  readonly batches: number | 'all';
  readonly top: number;
  readonly lanczos: number;
  readonly probes: number;
  readonly traceProbes: number;
  readonly trace: 'hutchinson' | 'hutch++';
  readonly stepSizeBatches: number;
  readonly posterior: number;
  readonly checks: number;
  readonly preconditioner?: PreconditionerName[];
  readonly ranks?: number[];
  readonly products?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}
