import type { ComparisonRow, ComparisonTable, TriedSetting } from '../../analysis/index.js';
import { inNaturalOrder } from '../../natural-order.js';

/** A hyperparameter of one competitor, and how many different numbers of it were tried. */
interface Tuned {
  readonly name: string;
  readonly values: number;
}

/** The numeric hyperparameters of which several values were tried, the most tried first. */
export function tunedHyperparameters(rows: readonly ComparisonRow[]): Tuned[] {
  const values = new Map<string, Set<number>>();
  for (const row of rows) {
    for (const { hyperparameters } of row.detail?.tried ?? []) {
      for (const [name, value] of Object.entries(hyperparameters)) {
        if (typeof value !== 'number') continue;
        values.set(name, (values.get(name) ?? new Set()).add(rounded(value)));
      }
    }
  }
  return [...values]
    .map(([name, own]) => ({ name, values: own.size }))
    .filter(({ values: count }) => count > 1)
    .sort((left, right) => right.values - left.values || inNaturalOrder(left.name, right.name));
}

/**
 * Rows whose settings are of one competitor. With all settings in rows of their own, the rows of an optimizer are put together
 * again.
 */
export function competitorsOf({
  rows,
}: ComparisonTable): { readonly row: ComparisonRow; readonly tried: readonly TriedSetting[] }[] {
  const groups = new Map<string, { row: ComparisonRow; tried: TriedSetting[] }>();
  for (const row of rows) {
    const key = JSON.stringify([row.optimizer, row.originKind, row.origin, row.version, row.engine]);
    const group = groups.get(key);
    const tried = row.detail?.tried ?? [];
    if (group === undefined) groups.set(key, { row, tried: [...tried] });
    else group.tried.push(...tried);
  }
  return [...groups.values()];
}

/** Of the settings with one value (or pair of values) the one that ranks first; settings are in the order of their ranking. */
export function bestAt(tried: readonly TriedSetting[], names: readonly string[]): Map<string, TriedSetting> {
  const best = new Map<string, TriedSetting>();
  for (const setting of tried) {
    const values = names.map((name) => setting.hyperparameters[name]);
    if (!values.every((value) => typeof value === 'number')) continue;
    const key = JSON.stringify(values.map(rounded));
    if (!best.has(key)) best.set(key, setting);
  }
  return best;
}

/** A number of a setting; numbers count to ten decimals of their scientific notation. */
export function numberOf(setting: TriedSetting, name: string): number {
  const value = setting.hyperparameters[name];
  return typeof value === 'number' ? rounded(value) : Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toExponential(10));
}
