import { type Comparison, type ComparisonTable, isAccuracy } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { limitsOf, metricTitle, numberAxis } from './axes.js';
import type { Figure, Layout } from './figure.js';
import type { FigureOptions } from './options.js';
import { assemble, legendPanel, panelTitle } from './panels.js';
import { countText, type Series, seriesKey, seriesOf } from './series.js';
import { type Strip, stripPanel } from './strips.js';

/** The value of every run at the end, and mean and interval of each row. */
export function finals({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const series = seriesOf(tables);
  const drawn = tables.map((table) => ({ table, strips: stripsOf(table, series) }));
  const problems = [...new Set(tables.map(({ testproblem }) => printable(testproblem)))].join(', ');
  const metrics = [...new Set(tables.map(({ metric }) => metricTitle(metric)))].join(', ');
  const stopped = drawn.some(({ strips }) => strips.some(({ without }) => without > 0));
  return {
    kind: 'finals',
    title: `${problems}: ${metrics} at the end of training`,
    description: `Final ${metrics} on ${problems}: single runs, mean and 95 % interval of ${[...series.values()].map(({ label }) => label).join('; ')}.`,
    caption: tables.map(({ testproblem, conditions }) => printable(`${testproblem}: ${conditions}`)),
    records: tables.flatMap((table) =>
      table.rows.flatMap((row) => [
        {
          testproblem: table.testproblem,
          metric: table.metric,
          optimizer: seriesKey(row, table),
          seed: null,
          value: row.final.mean,
          low: row.interval?.low ?? null,
          high: row.interval?.high ?? null,
          state: countText([row]),
        },
        ...(row.detail?.runs ?? []).map(({ seed, final, status }) => ({
          testproblem: table.testproblem,
          metric: table.metric,
          optimizer: seriesKey(row, table),
          seed,
          value: final,
          low: null,
          high: null,
          state: status.state,
        })),
      ]),
    ),
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: drawn.map(({ table, strips }) => panel(layout, table, strips, options)),
        columns: 1,
        legend: legendPanel(
          layout,
          [],
          [
            { mark: 'note', label: 'circles: runs; marker and line: mean and its 95 % interval' },
            ...(stopped ? [{ mark: 'cross' as const, label: 'runs that diverged or stopped' }] : []),
          ],
        ),
      }),
  };
}

function stripsOf(table: ComparisonTable, series: ReadonlyMap<string, Series>): Strip[] {
  return table.rows.flatMap((row): Strip[] => {
    const own = series.get(seriesKey(row, table));
    if (own === undefined) return [];
    const runs = row.detail?.runs ?? [];
    return [
      {
        series: own,
        label: `${own.key} (${countText([row])})`,
        values: runs.flatMap(({ final }) => final ?? []),
        centre: row.final.mean,
        low: row.interval?.low ?? null,
        high: row.interval?.high ?? null,
        without: runs.filter(({ final }) => final === null).length,
      },
    ];
  });
}

function panel(layout: Layout, table: ComparisonTable, strips: readonly Strip[], { scale }: FigureOptions) {
  const values = strips.flatMap((strip) => [...strip.values, ...(strip.centre === null ? [] : [strip.centre])]);
  const ends = strips.flatMap(({ low, high }) => [low, high].filter((end) => end !== null));
  return stripPanel(layout, {
    strips,
    axis: numberAxis(values, { ends, scale, limits: limitsOf(table.metric) }),
    title: metricTitle(table.metric),
    rule: null,
    edge: isAccuracy(table.metric) ? 'left' : 'right',
    heading: panelTitle(printable(table.testproblem), layout),
  });
}
