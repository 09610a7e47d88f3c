import type { Figure, RuntimeReport } from '../report/figures/index.js';
import type { RecordedRun } from '../results/index.js';
import type { PlanStatement } from '../sweep/index.js';
import type { Agreement } from './agreement.js';

/** How much of an experiment is run: minutes, hours, or what was published. */
export const SCALES = ['smoke', 'laptop', 'paper'] as const;
/** Minutes, hours, or what was published. */
export type Scale = (typeof SCALES)[number];

/** Options of a plan for the data: synthetic images for `smoke`, enough for an estimation and a few steps after it. */
export function dataOptions(scale: Scale): { readonly data?: string; readonly synthetic_size?: number } {
  return scale === 'smoke' ? { data: 'synthetic', synthetic_size: 2560 } : {};
}

/** What `probprec runtime` is asked for by an experiment on run times. */
export interface RuntimeWork {
  readonly testproblem: string;
  readonly optimizers: readonly string[];
  readonly repeats: number;
  readonly numEpochs: number;
  readonly data: 'real' | 'synthetic';
  readonly syntheticSize: number | null;
}

/** A part of an experiment's page: our figure, the published one, and how far they agree. */
export interface ResultPart {
  readonly heading: string;
  /** Null before anything has been measured. */
  readonly ours: Figure | null;
  /** Null where no figures of it were published. */
  readonly published: Figure | null;
  /** What the original figure shows, for readers who do not have it. */
  readonly original: string;
  readonly agreement: readonly Agreement[];
  /** What the numbers say, a sentence each. */
  readonly findings: readonly string[];
}

interface ExperimentText {
  readonly name: string;
  readonly title: string;
  /** Where it was published. */
  readonly source: string;
  readonly question: string;
  /** What is different from the publication at this scale: budget, data, engine. */
  readonly differences: (scale: Scale) => readonly string[];
}

/** An experiment whose runs are a plan. */
export interface PlannedExperiment extends ExperimentText {
  readonly kind: 'plan';
  readonly statement: (scale: Scale) => PlanStatement;
  /** The results so far; runs have the labels of their plan entries. */
  readonly results: (runs: readonly RecordedRun[], scale: Scale) => Promise<readonly ResultPart[]>;
}

/** An experiment on run times, which are measured one beside the other in one process. */
export interface TimedExperiment extends ExperimentText {
  readonly kind: 'runtime';
  readonly work: (scale: Scale) => RuntimeWork;
  readonly results: (report: RuntimeReport | null, scale: Scale) => Promise<readonly ResultPart[]>;
}

/** An experiment: a plan of runs, or a comparison of run times, and the page that shows what came out. */
export type Experiment = PlannedExperiment | TimedExperiment;
