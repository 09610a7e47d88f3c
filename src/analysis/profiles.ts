import { groupBy } from '../group-by.js';
import type { ComparisonRow, ComparisonTable } from './comparison.js';
import { type PerformanceProfile, performanceProfiles } from './performance-profile.js';

/**
 * Performance profiles over the test problems that have a target, when there are at least two. A test problem counts once:
 * one that has tables under several conditions counts by the table with the most rows. By median epochs to target.
 */
export function profilesOf(tables: readonly ComparisonTable[]): PerformanceProfile[] {
  const solvable = tables.filter(({ rows }) => rows.some(({ target }) => target !== null));
  const problems = groupBy(solvable, ({ testproblem }) => testproblem);
  if (problems.size < 2) return [];
  const times = new Map<string, Map<string, number | null>>();
  for (const [testproblem, own] of problems) {
    const [table] = [...own].sort((left, right) => right.rows.length - left.rows.length);
    const rows = (table?.rows ?? []).filter(({ target }) => target !== null);
    for (const row of rows) {
      const label = rowLabel(row, rows);
      const of = times.get(label) ?? new Map<string, number | null>();
      times.set(label, of.set(testproblem, row.target?.medianEpoch ?? null));
    }
  }
  return performanceProfiles(times);
}

/** The row's name, with its origin, and with its setting where several settings of one name stand in the table. */
export function rowLabel(row: ComparisonRow, rows: readonly ComparisonRow[]): string {
  const namesakes = rows.filter(({ name, origin }) => name === row.name && origin === row.origin);
  const name = row.origin === 'results' ? row.name : `${row.name} (${row.origin})`;
  return namesakes.length > 1 ? `${name}, ${row.settingText}` : name;
}
