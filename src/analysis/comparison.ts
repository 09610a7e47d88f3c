import type { RecordedRun } from '../results/index.js';
import type { OriginKind } from './compared-setting.js';
import type { Mismatch } from './conditions.js';
import type { GridEdge } from './grid-edge.js';
import type { Interval } from './intervals.js';
import type { Metric } from './metrics.js';
import type { PairedDifference } from './paired.js';
import type { PerformanceProfile } from './performance-profile.js';
import type { RowDetail } from './row-detail.js';
import type { SelectionMode } from './selection-mode.js';
import type { StatusCounts } from './settings.js';
import type { Summary } from './statistics.js';
import type { TargetSummary } from './time-to-target.js';

/** One competitor on one test problem: a setting of an optimizer, usually its best. */
export interface ComparisonRow {
  /** The optimizer's class name. */
  readonly optimizer: string;
  /** The class name with what tells rows of one name apart: version, engine. */
  readonly name: string;
  readonly originKind: OriginKind;
  /** `results`, a label or folder of results, or the name of the baseline. */
  readonly origin: string;
  /** First eight digits of what identifies the source of a user's optimizer, and its file; null for the others. */
  readonly version: string | null;
  readonly file: string | null;
  /** The optimizer's name in a DeepOBS file, where it is another one than the folder's; null elsewhere. */
  readonly statedName: string | null;
  readonly hyperparameters: RecordedRun['hyperparameters'];
  readonly trainingParameters: RecordedRun['trainingParameters'];
  /** What tells this setting apart, for people: values that differ from defaults and between the rows of an optimizer. */
  readonly settingText: string;
  /** The learning-rate schedule in words; empty where the rate is constant. */
  readonly schedule: string;
  readonly engine: string;
  /** Settings of this competitor from which this one was chosen. */
  readonly settingsTried: number;
  /** Those of them that a plan's rule stopped before their end; absent where none was. */
  readonly settingsPruned?: number;
  /** Hyperparameters whose chosen value is at the edge of what was tried. */
  readonly edges: readonly GridEdge[];
  /** Null for a baseline that is known by mean and standard deviation only. */
  readonly counts: StatusCounts | null;
  readonly seeds: readonly number[];
  /** Over the seeds, at the end of training. A published baseline has n, mean and standard deviations only. */
  readonly final: Summary;
  readonly interval: Interval | null;
  readonly best: { readonly value: number; readonly epoch: number } | null;
  /** Of what the test problem reports besides, on the set of the table's metric, by metric; absent where there is nothing. */
  readonly further?: Readonly<Partial<Record<Metric, Summary>>>;
  /** Null without a target, and for a baseline without single runs. */
  readonly target: TargetSummary | null;
  /** Seconds of training per epoch, mean over completed runs; wall time only of runs that had the machine for themselves. */
  readonly wallSecondsPerEpoch: number | null;
  readonly cpuSecondsPerEpoch: number | null;
  /** Over those of the reference; null when not recorded, or on another machine or engine. */
  readonly relativeWall: number | null;
  readonly relativeCpu: number | null;
  /** To the reference optimizer on common seeds; null for the reference itself and for rows that cannot be paired. */
  readonly difference: (PairedDifference & { readonly holmP: number | null }) | null;
  /** Where the conditions of a baseline differ from those of the table. */
  readonly mismatches: readonly Mismatch[];
  readonly notes: readonly string[];
  /** Curves, single runs and tried settings; only where they were asked for. */
  readonly detail?: RowDetail;
}

/** The optimizers on one test problem under one set of conditions. */
export interface ComparisonTable {
  readonly testproblem: string;
  readonly conditions: string;
  /** What the columns show. */
  readonly metric: Metric;
  /** What the settings were chosen by. */
  readonly selection: { readonly metric: Metric; readonly mode: SelectionMode };
  /** Name of the reference row; null when no row can serve. */
  readonly reference: string | null;
  readonly rows: readonly ComparisonRow[];
  /** What a reader must know: baselines used and left out, unlike conditions, files not used. */
  readonly notes: readonly string[];
}

/** A comparison over test problems. */
export interface Comparison {
  readonly tables: readonly ComparisonTable[];
  /** Over the test problems that have a target, when there are at least two; by median epochs to target. */
  readonly profiles: readonly PerformanceProfile[];
}
