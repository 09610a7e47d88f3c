export { type Aggregate, aggregate, type MetricAggregate } from './aggregate.js';
export {
  type BaselineFile,
  bundledBaselinesFolder,
  type OwnBaseline,
  type PublishedBaseline,
  parseBaselineFile,
  readBaselineFiles,
} from './baseline-file.js';
export type { BestOf } from './best-of.js';
export { namesOf } from './best-settings.js';
export { type CompareOptions, compare } from './compare.js';
export { baselineSettings, type ComparedSetting, resultSettings, runBaselines } from './compared-setting.js';
export type { Comparison, ComparisonRow, ComparisonTable } from './comparison.js';
export type { Mismatch } from './conditions.js';
export { describeEdge, type GridEdge, gridEdges } from './grid-edge.js';
export { holm } from './holm.js';
export { bootstrapInterval, type Interval, percentileInterval, studentInterval } from './intervals.js';
export { checkMetric, isAccuracy } from './metrics.js';
export { ownBaseline } from './own-baseline.js';
export { type PairedDifference, pairedDifference, signFlipTest } from './paired.js';
export { type PerformanceProfile, performanceProfiles } from './performance-profile.js';
export { rowLabel } from './profiles.js';
export {
  type Quantities,
  type QuantityEvent,
  type QuantityPoint,
  quantitiesOf,
  quantitiesOfRun,
} from './quantities.js';
export { type RankedSetting, type Ranking, rankSettings } from './ranking.js';
export type { CurvePoint, RowDetail, RunDetail, TriedSetting } from './row-detail.js';
export { conditionNames, isOfRuns, runsWhere } from './run-conditions.js';
export { SELECTION_MODES, type SelectionMode } from './selection-mode.js';
export type { KnownDefaults } from './setting-text.js';
export { groupSettings, type Setting, type StatusCounts } from './settings.js';
export { mean, populationStd, quantile, type Summary, sampleStd, summarise } from './statistics.js';
export { PUBLISHED_TARGETS, publishedTarget, type Target } from './targets.js';
export { summariseTarget, type TargetOutcome, type TargetSummary, timeToTarget } from './time-to-target.js';
