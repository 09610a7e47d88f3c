import { type ComparisonRow, type ComparisonTable, isAccuracy } from '../analysis/index.js';
import type { Metric } from '../results/index.js';
import { countText } from './figures/series.js';

/** One metric of a row at the end of training. */
export interface Measured {
  readonly mean: number | null;
  readonly sampleStd: number | null;
  readonly n: number;
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Whether larger is better. */
  readonly accuracy: boolean;
}

/** What a row says of a metric: of the table's own its columns, of another one the last point of its curve. */
export function measuredBy(table: ComparisonTable, metric: Metric): (row: ComparisonRow) => Measured {
  const accuracy = isAccuracy(metric);
  return ({ final, interval, detail }) => {
    if (metric === table.metric) return { ...final, interval, accuracy };
    const last = detail?.curves[metric]?.at(-1);
    return last === undefined
      ? { mean: null, sampleStd: null, n: 0, interval: null, accuracy }
      : { mean: last.mean, sampleStd: last.sampleStd, n: last.n, interval: last.interval, accuracy };
  };
}

/** What {@link markedRows} marks, for a reader. */
export const MARKING =
  'bold: the best mean, and those whose 95 % interval overlaps its interval (their order may be chance; the paired test says more)';

/** The rows with the best mean, and those that its interval does not tell from it; none where there is nothing to choose. */
export function markedRows(measured: readonly Measured[]): Set<number> {
  const known = measured.flatMap(({ mean, accuracy }, row) =>
    mean === null ? [] : [{ row, mean: accuracy ? -mean : mean }],
  );
  if (known.length < 2) return new Set();
  const best = known.reduce((left, right) => (right.mean < left.mean ? right : left));
  const interval = measured[best.row]?.interval ?? null;
  const ties = known.filter(({ row, mean }) => {
    const own = measured[row]?.interval ?? null;
    return (
      mean === best.mean || (own !== null && interval !== null && own.low <= interval.high && interval.low <= own.high)
    );
  });
  return new Set(ties.map(({ row }) => row));
}

/** `n = 3 to 10 completed runs (seeds), 2 diverged`. */
export function countLine(rows: readonly ComparisonRow[]): string {
  return countText(rows).replace(
    /^n = \d+(?: to \d+)?/,
    (n) => `${n} completed ${n === 'n = 1' ? 'run (seed)' : 'runs (seeds)'}`,
  );
}
