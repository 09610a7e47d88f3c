import { type Aggregate, aggregate } from './aggregate.js';
import { compareValues, type Metric } from './metrics.js';
import type { SelectionMode } from './selection-mode.js';
import type { Setting } from './settings.js';

/** A setting with its aggregate and the value that it was ranked by. */
export interface RankedSetting {
  readonly setting: Setting;
  readonly aggregate: Aggregate;
  readonly value: number | null;
}

/** A ranking and what decided it. */
export interface Ranking {
  readonly settings: readonly RankedSetting[];
  /** The metric asked for, or what DeepOBS falls back to where nothing has it. */
  readonly metric: Metric;
  /** The mode asked for; `most` becomes `final` when all settings have equally many runs. */
  readonly mode: SelectionMode;
}

/**
 * Ranks the settings of one optimizer on one test problem, best first, by DeepOBS' rules: `final` (mean of the last values
 * over the runs), `best` (best point of the mean curve; for losses the smallest, where DeepOBS' summary has a defect), or
 * `most` (most runs, which is the setting that was run again with further seeds; ties go by `final`). The metric falls back from
 * valid_accuracies to valid_losses to test_losses. Where DeepOBS takes the filled-in values of aborted runs, a setting with a
 * diverged or failed run stands behind all settings without, and one without a completed run at the end.
 */
export function rankSettings(
  settings: readonly Setting[],
  { mode = 'final', metric = 'valid_accuracies' }: { readonly mode?: SelectionMode; readonly metric?: Metric } = {},
): Ranking {
  const available = availableMetric(settings, metric);
  const sizes = new Set(settings.map(({ runs }) => runs.length));
  const rule = mode === 'most' && sizes.size <= 1 ? 'final' : mode;
  const ranked = settings.map((setting): RankedSetting => {
    const result = aggregate(setting.runs);
    const of = result.metrics[available];
    return { setting, aggregate: result, value: (rule === 'best' ? of?.best?.value : of?.final.mean) ?? null };
  });
  ranked.sort(
    (left, right) =>
      Number(isHopeless(left)) - Number(isHopeless(right)) ||
      (rule === 'most' ? right.setting.runs.length - left.setting.runs.length : 0) ||
      reliability(left.aggregate) - reliability(right.aggregate) ||
      compareValues(available, left.value, right.value),
  );
  return { settings: ranked, metric: available, mode: rule };
}

/** DeepOBS' fall-backs for a metric that no run has. */
export function availableMetric(settings: readonly Setting[], metric: Metric): Metric {
  const losses = metric.replace('accuracies', 'losses') as Metric;
  const measured = (wanted: Metric) =>
    settings.some(({ runs }) => runs.some(({ curves }) => (curves[wanted]?.length ?? 0) > 0));
  return [metric, losses].find(measured) ?? 'test_losses';
}

function isHopeless({ aggregate: { counts } }: RankedSetting): boolean {
  return counts.completed === 0;
}

/** 0: nothing went wrong; 1: some runs diverged or failed. */
function reliability({ counts }: Aggregate): number {
  return counts.diverged + counts.failed > 0 ? 1 : 0;
}
