/** The comparison of run times, `probprec/timing`: docs/runtime.md. */
export {
  type Clock,
  type ComparisonOptions,
  type Competitor,
  compareRuntime,
  competitors,
  type RatioSummary,
  type RunSeconds,
  type RuntimeComparison,
  resolveCompetitor,
  type Scope,
  settingInWords,
  summariseRatios,
  type TimedRun,
  type TimingOptions,
  timeRun,
} from '../timing/index.js';
