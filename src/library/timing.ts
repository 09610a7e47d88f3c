/** The comparison of run times, `probprec/timing`: docs/runtime.md. */
export {
  type Clock,
  type ComparisonOptions,
  type Contestant,
  compareRuntime,
  contestants,
  type RatioSummary,
  type RunSeconds,
  type RuntimeComparison,
  resolveContestant,
  type Scope,
  settingInWords,
  summariseRatios,
  type TimedRun,
  type TimingOptions,
  timeRun,
} from '../timing/index.js';
