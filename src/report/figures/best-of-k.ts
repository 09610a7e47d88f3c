import type { Comparison } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { limitsOf, metricTitle, numberAxis } from './axes.js';
import type { Figure, Layout, Spec } from './figure.js';
import type { FigureOptions } from './options.js';
import { assemble, legendPanel, panelHeight, panelTitle, seriesScales } from './panels.js';
import { type Series, seriesKey, seriesOf } from './series.js';

/** What tuning with k trials reaches: the expected value of the best of k settings drawn at random, with quartiles. */
export function bestOfK({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const panels = tables
    .map((table) => ({
      table,
      points: table.rows.flatMap((row) =>
        (row.detail?.bestOf ?? []).map((point) => ({ key: seriesKey(row, table), ...point })),
      ),
    }))
    .filter(({ points }) => points.length > 0);
  const keys = new Set(panels.flatMap(({ points }) => points.map(({ key }) => key)));
  const series = [...seriesOf(tables, false).values()]
    .filter(({ key }) => keys.has(key))
    .map((entry): Series => ({ ...entry, label: `${entry.key} (${settingsText(entry.key, panels)})` }));
  const columns = (width: number) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2));
  const problems = [...new Set(panels.map(({ table }) => printable(table.testproblem)))].join(', ');
  return {
    kind: 'best-of-k',
    title: `${problems}: best of k trials`,
    description: `Expected final value of the best of k tried settings on ${problems}: ${series.map(({ label }) => label).join('; ')}.`,
    caption: panels.map(({ table }) =>
      printable(
        `${table.testproblem}: k settings drawn at random from those tried, the best by ${table.selection.metric} kept; ${table.conditions}`,
      ),
    ),
    records: panels.flatMap(({ table, points }) =>
      points.map(({ key, k, mean, lowerQuartile, upperQuartile }) => ({
        testproblem: table.testproblem,
        metric: table.metric,
        optimizer: key,
        k,
        mean,
        lower_quartile: lowerQuartile,
        upper_quartile: upperQuartile,
      })),
    ),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map((panel) => draw(panel, layout, series, options)),
        columns: columns(layout.width),
        legend: legendPanel(layout, series, [{ mark: 'band', label: 'mean; band: quartiles over the draws' }]),
      }),
  };
}

interface Panel {
  readonly table: Comparison['tables'][number];
  readonly points: readonly {
    readonly key: string;
    readonly k: number;
    readonly mean: number;
    readonly lowerQuartile: number;
    readonly upperQuartile: number;
  }[];
}

function settingsText(key: string, panels: readonly Panel[]): string {
  const counts = panels
    .map(({ points }) => points.filter((point) => point.key === key).length)
    .filter((count) => count > 0);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? least : `${least} to ${most}`} settings`;
}

function draw({ table, points }: Panel, layout: Layout, series: readonly Series[], { scale }: FigureOptions): Spec {
  const { color, strokeDash, shape } = seriesScales(series);
  const axis = numberAxis(
    points.map(({ mean }) => mean),
    {
      ends: points.flatMap(({ lowerQuartile, upperQuartile }) => [lowerQuartile, upperQuartile]),
      scale,
      limits: limitsOf(table.metric),
    },
  );
  const values = points.map(({ lowerQuartile, upperQuartile, ...point }) => ({
    ...point,
    low: axis.shown(lowerQuartile),
    high: axis.shown(upperQuartile),
  }));
  const most = Math.max(2, ...points.map(({ k }) => k));
  const x = {
    field: 'k',
    type: 'quantitative',
    title: 'k trials',
    scale: { domain: [1, most], nice: false },
    axis: { tickMinStep: 1, tickCount: Math.min(most, 8) },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    title: metricTitle(table.metric),
    scale: axis.scale,
    axis: { tickCount: 5, ...axis.axis },
  });
  return {
    title: panelTitle(printable(table.testproblem), layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    data: { values },
    layer: [
      { mark: { type: 'area', opacity: 0.18 }, encoding: { x, y: y('low'), y2: { field: 'high' }, color } },
      { mark: { type: 'line' }, encoding: { x, y: y('mean'), color, strokeDash } },
      { mark: { type: 'point' }, encoding: { x, y: y('mean'), color, shape } },
    ],
  };
}
