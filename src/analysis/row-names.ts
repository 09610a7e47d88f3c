import { groupBy } from '../group-by.js';
import type { ComparisonRow } from './comparison.js';

type Row = Pick<ComparisonRow, 'optimizer' | 'originKind' | 'version' | 'statedName' | 'engine'>;

/**
 * The names of a table's rows: the class name, and for results of one class the version of the source, the name in the file
 * and the engine where they tell rows apart.
 */
export function rowNames(rows: readonly Row[]): string[] {
  const groups = groupBy(rows, ({ optimizer, originKind }) => `${originKind} ${optimizer}`);
  const several = (row: Row, of: (other: Row) => string | null) => {
    const own = groups.get(`${row.originKind} ${row.optimizer}`) ?? [];
    return row.originKind === 'results' && new Set(own.map(of)).size > 1;
  };
  return rows.map((row) => {
    const parts = [
      ...(several(row, ({ version }) => version) ? [row.version ?? 'bundled'] : []),
      ...(several(row, ({ statedName }) => statedName) ? [row.statedName ?? row.optimizer] : []),
      ...(several(row, ({ engine }) => engine) ? [row.engine] : []),
    ];
    return parts.length === 0 ? row.optimizer : `${row.optimizer} (${parts.join(', ')})`;
  });
}
