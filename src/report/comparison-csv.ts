import type { Comparison, ComparisonRow, ComparisonTable } from '../analysis/index.js';
import { encodeSettings, type Metric, RUN_STATES } from '../results/index.js';
import { comparisonColumns } from './comparison-columns.js';
import { csvCell } from './escape.js';

const COLUMNS: readonly (readonly [string, (row: ComparisonRow, table: ComparisonTable) => unknown])[] = [
  ['testproblem', (_, table) => table.testproblem],
  ['conditions', (_, table) => table.conditions],
  ['metric', (_, table) => table.metric],
  ['optimizer', (row) => row.optimizer],
  ['name', (row) => row.name],
  ['from', (row) => row.origin],
  ['version', (row) => row.version],
  ['engine', (row) => row.engine],
  ['setting', (row) => JSON.stringify({ ...encodeSettings(row.hyperparameters), ...row.trainingParameters })],
  ['schedule', (row) => row.schedule],
  ['settings_tried', (row) => row.settingsTried],
  ['settings_pruned', (row) => row.settingsPruned ?? 0],
  ...RUN_STATES.map((state) => [state, (row: ComparisonRow) => row.counts && (row.counts[state] ?? 0)] as const),
  ['seeds', (row) => row.seeds.join(' ')],
  ['n', (row) => row.final.n],
  ['mean', (row) => row.final.mean],
  ['sample_std', (row) => row.final.sampleStd],
  ['population_std', (row) => row.final.populationStd],
  ['median', (row) => row.final.median],
  ['lower_quartile', (row) => row.final.lowerQuartile],
  ['upper_quartile', (row) => row.final.upperQuartile],
  ['interval_low', (row) => row.interval?.low],
  ['interval_high', (row) => row.interval?.high],
  ['interval_method', (row) => row.interval?.method],
  ['best', (row) => row.best?.value],
  ['best_epoch', (row) => row.best?.epoch],
  ['target', (row) => row.target?.target.value],
  ['target_reached', (row) => row.target?.reached],
  ['target_missed', (row) => row.target?.missed],
  ['target_unknown', (row) => row.target?.unknown],
  ['target_median_epoch', (row) => row.target?.medianEpoch],
  ['target_median_seconds', (row) => row.target?.medianSeconds],
  ['deepobs_speed', (row) => row.target?.deepobsSpeed],
  ['wall_seconds_per_epoch', (row) => row.wallSecondsPerEpoch],
  ['cpu_seconds_per_epoch', (row) => row.cpuSecondsPerEpoch],
  ['relative_wall', (row) => row.relativeWall],
  ['relative_cpu', (row) => row.relativeCpu],
  ['reference', (_, table) => table.reference],
  ['difference', (row) => row.difference?.mean],
  ['difference_low', (row) => row.difference?.interval?.low],
  ['difference_high', (row) => row.difference?.interval?.high],
  ['difference_seeds', (row) => row.difference?.seeds.join(' ')],
  ['p', (row) => row.difference?.pValue],
  ['p_smallest_possible', (row) => row.difference?.smallestPossible],
  ['p_holm', (row) => row.difference?.holmP],
  ['mismatches', (row) => row.mismatches.map(({ what }) => what).join('; ')],
  ['notes', (row, table) => [...row.notes, ...comparisonColumns(table).notes].join('; ')],
];

/** Means and standard deviations of what test problems report besides. */
function furtherColumns(tables: readonly ComparisonTable[]): typeof COLUMNS {
  const rows = tables.flatMap(({ rows: own }) => own);
  const metrics = new Set(rows.flatMap(({ further = {} }) => Object.keys(further) as Metric[]));
  return [...metrics].flatMap((metric): (typeof COLUMNS)[number][] => [
    [`${metric}_mean`, ({ further }) => further?.[metric]?.mean],
    [`${metric}_sample_std`, ({ further }) => further?.[metric]?.sampleStd],
  ]);
}

/** Names of the columns, in their order. */
export const CSV_COLUMN_NAMES: readonly string[] = COLUMNS.map(([name]) => name);

/** CSV (RFC 4180) with every number in full; what is unknown is empty; the columns with these names. The notes of a table stand in each of its rows. */
export function comparisonCsv({ tables }: Comparison, names: readonly string[] = CSV_COLUMN_NAMES): string {
  const chosen = names.flatMap((wanted) => COLUMNS.filter(([name]) => name === wanted));
  const columns = names === CSV_COLUMN_NAMES ? [...chosen, ...furtherColumns(tables)] : chosen;
  const header = columns.map(([name]) => csvCell(name)).join(',');
  const lines = tables.flatMap((table) =>
    table.rows.map((row) => columns.map(([, value]) => csvCell(value(row, table))).join(',')),
  );
  return [header, ...lines].join('\n');
}
