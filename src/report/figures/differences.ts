import type { Comparison, ComparisonTable } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { metricTitle, numberAxis } from './axes.js';
import type { Figure } from './figure.js';
import { assemble, legendPanel, panelTitle } from './panels.js';
import { type Series, seriesKey, seriesOf } from './series.js';
import { type Strip, stripPanel } from './strips.js';

/** Paired differences to the reference as a forest plot: every common seed, the mean with its interval, and corrected p. */
export function differences({ tables }: Pick<Comparison, 'tables'>): Figure {
  const series = seriesOf(tables);
  const paired = tables.filter(({ rows }) => rows.some(({ difference }) => difference?.mean != null));
  const problems = [...new Set(paired.map(({ testproblem }) => printable(testproblem)))].join(', ');
  const drawn = paired.map((table) => ({ table, strips: stripsOf(table, series) }));
  return {
    kind: 'differences',
    title: `${problems}: paired differences to ${[...new Set(paired.map(({ reference }) => printable(reference ?? '')))].join(', ')}`,
    description: `Differences on common seeds with 95 % intervals: ${drawn.flatMap(({ strips }) => strips.map(({ label }) => label)).join('; ')}.`,
    caption: paired.map(({ testproblem, conditions, reference }) =>
      printable(
        `${testproblem}: optimizer − ${reference} on common seeds, ${conditions}; p: sign-flip test, Holm-corrected`,
      ),
    ),
    records: paired.flatMap((table) =>
      table.rows.flatMap((row) => {
        const { difference } = row;
        if (difference === null) return [];
        const about = {
          testproblem: table.testproblem,
          metric: table.metric,
          optimizer: seriesKey(row, table),
          reference: table.reference,
        };
        return [
          {
            ...about,
            seed: null,
            difference: difference.mean,
            low: difference.interval?.low ?? null,
            high: difference.interval?.high ?? null,
            p_holm: difference.holmP,
          },
          ...difference.seeds.map((seed, index) => ({
            ...about,
            seed,
            difference: difference.values[index] ?? null,
            low: null,
            high: null,
            p_holm: null,
          })),
        ];
      }),
    ),
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: drawn.map(({ table, strips }) => {
          const values = strips.flatMap((strip) => [
            ...strip.values,
            ...(strip.centre === null ? [] : [strip.centre]),
            0,
          ]);
          const ends = strips.flatMap(({ low, high }) => [low, high].filter((end) => end !== null));
          return stripPanel(layout, {
            strips,
            axis: numberAxis(values, { ends, scale: 'linear' }),
            title: `${metricTitle(table.metric)}: difference to ${printable(table.reference ?? '')}`,
            rule: 0,
            edge: 'right',
            heading: panelTitle(printable(table.testproblem), layout),
          });
        }),
        columns: 1,
        legend: legendPanel(
          layout,
          [],
          [
            {
              mark: 'note',
              label: 'circles: common seeds; marker and line: mean difference and its 95 % interval (Student’s t)',
            },
          ],
        ),
      }),
  };
}

function stripsOf(table: ComparisonTable, series: ReadonlyMap<string, Series>): Strip[] {
  return table.rows.flatMap((row): Strip[] => {
    const own = series.get(seriesKey(row, table));
    const { difference } = row;
    if (own === undefined || difference === null) return [];
    const p =
      difference.holmP === null
        ? ''
        : `, p ${difference.holmP < 0.0001 ? '< 0.0001' : `= ${Number(difference.holmP.toPrecision(2))}`}`;
    return [
      {
        series: own,
        label: `${own.key} (n = ${difference.seeds.length}${p})`,
        values: difference.values,
        centre: difference.mean,
        low: difference.interval?.low ?? null,
        high: difference.interval?.high ?? null,
        without: 0,
      },
    ];
  });
}
