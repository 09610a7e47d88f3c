import type { LogTarget } from './run-logs.js';

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

/** Options of a schedule by name, after parsing. */
export interface ScheduleOptions {
  readonly schedule?: string;
  readonly warmup?: number;
  readonly scheduleEnd?: number;
  readonly scheduleStart?: number;
  readonly schedulePower?: number;
  readonly scheduleDecay?: number;
  readonly scheduleFactor?: number;
  readonly scheduleMilestones?: number[];
}

/** Options of every command that trains or measures: on which data and where; what is absent was not given. */
interface ProblemOptions {
  readonly dataset?: string;
  readonly variant?: 'pytorch' | 'tf';
  readonly init?: 'deepobs' | 'pytorch';
  readonly dataDir?: string;
  readonly data?: 'real' | 'synthetic';
  readonly syntheticSize?: number;
  readonly engine?: string;
  readonly device?: string;
  readonly threads?: number;
}

/** Options of `run` after parsing; what is absent was not given. */
export interface RunOptions extends ScheduleOptions, ProblemOptions {
  readonly testproblem?: string;
  readonly optimizer?: string;
  readonly seed?: number;
  readonly numEpochs?: number;
  readonly batchSize?: number;
  readonly l2Reg?: number;
  readonly lrScheduleEpochs?: number[];
  readonly lrScheduleFactors?: number[];
  readonly outputDir: string;
  readonly log?: LogTarget[];
  readonly protocol?: 'probprec' | 'deepobs-beta';
  readonly trainLogInterval?: number;
  readonly resume: boolean;
  readonly overwrite?: boolean;
  readonly resourceCheck?: boolean;
  readonly keepParameters?: 'epochs' | 'end';
  readonly keepCheckpoint?: boolean;
  readonly stopAfterEpoch?: number;
  readonly observe?: string;
  readonly tag?: string[];
  readonly note?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
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
  readonly json?: boolean;
  readonly quiet?: boolean;
}
