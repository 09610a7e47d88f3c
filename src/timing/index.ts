export {
  type ComparisonOptions,
  type Contestant,
  compareRuntime,
  MEASURES,
  type RuntimeComparison,
} from './compare-runtime.js';
export { contestants, resolveContestant, settingInWords } from './contestants.js';
export { type RatioSummary, summariseRatios } from './ratios.js';
export { type Clock, type RunSeconds, type Scope, type TimedRun, type TimingOptions, timeRun } from './timed-run.js';
