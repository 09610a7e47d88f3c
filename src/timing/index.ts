export {
  type ComparisonOptions,
  type Competitor,
  compareRuntime,
  MEASURES,
  type RuntimeComparison,
} from './compare-runtime.js';
export { competitors, resolveCompetitor, settingInWords } from './competitors.js';
export { type RatioSummary, summariseRatios } from './ratios.js';
export { type Clock, type RunSeconds, type Scope, type TimedRun, type TimingOptions, timeRun } from './timed-run.js';
