import type { ComparedSetting } from './compared-setting.js';
import { mismatches } from './conditions.js';
import type { Metric } from './metrics.js';
import type { Setting } from './settings.js';

/** Which baselines there are, and which of them to show. */
export interface BaselineOptions {
  readonly baselines?: readonly ComparedSetting[];
  /** Only these class names. */
  readonly optimizers?: readonly string[];
  /** Shows baselines under other conditions too, marked; one with more epochs is read at the epoch where the runs end. */
  readonly allowMismatch?: boolean;
}

/** The baselines that may stand in a table, and what is said about all of them. */
export function admitBaselines(
  options: BaselineOptions,
  sample: Setting,
  metric: Metric,
): { admitted: ComparedSetting[]; notes: string[] } {
  const admitted: ComparedSetting[] = [];
  const used = new Map<string, Set<string>>();
  const left = new Map<string, Set<string>>();
  const say = (list: Map<string, Set<string>>, origin: string, text: string) =>
    list.set(origin, new Set([...(list.get(origin) ?? []), text]));
  const relevant = (options.baselines ?? []).filter(
    ({ setting }) =>
      setting.testproblem === sample.testproblem && options.optimizers?.includes(setting.optimizer) !== false,
  );
  for (const compared of relevant) {
    const differences = mismatches(sample, compared.setting);
    const reasons = differences.filter(({ weight }) => weight === 'budget').map(({ what }) => what);
    const protocol = differences.filter(({ weight }) => weight === 'protocol').map(({ what }) => what);
    if (compared.kind === 'summary' && metric.startsWith('train_')) reasons.push('its train_* is defective');
    if (reasons.length > 0 && options.allowMismatch !== true) {
      say(left, compared.origin, reasons.join(', '));
      continue;
    }
    admitted.push(compared);
    const all = [...reasons, ...protocol];
    say(used, compared.origin, all.length === 0 ? 'conditions match' : `conditions differ: ${all.join(', ')}`);
  }
  const notes = [
    ...[...used].flatMap(([origin, texts]) => [...texts].map((text) => `baseline ${origin}: ${text}`)),
    ...[...left].flatMap(([origin, texts]) =>
      [...texts].map((text) => `baseline ${origin} left out: ${text} (--allow-mismatch shows it)`),
    ),
    ...(options.baselines !== undefined && relevant.length === 0 ? ['no baseline for this test problem'] : []),
  ];
  return { admitted, notes };
}
