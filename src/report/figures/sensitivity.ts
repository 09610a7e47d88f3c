import type { Comparison, ComparisonTable } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { badEdge, limitsOf, metricTitle, numberAxis } from './axes.js';
import type { Figure, Layout, Spec } from './figure.js';
import type { FigureOptions } from './options.js';
import {
  assemble,
  axisTitle,
  CROSS,
  type Explained,
  legendPanel,
  panelHeight,
  panelTitle,
  seriesScales,
} from './panels.js';
import { type Series, seriesKey, seriesOf } from './series.js';
import { bestAt, competitorsOf, numberOf, tunedHyperparameters } from './tuning.js';

interface Dot {
  readonly key: string;
  readonly x: number;
  readonly seed: number;
  readonly value: number | null;
}

interface Mean {
  readonly key: string;
  readonly x: number;
  readonly n: number;
  readonly value: number;
  readonly chosen: boolean;
}

/** A competitor without the hyperparameter: a horizontal line with its interval. */
interface Line {
  readonly key: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** The final metric against a hyperparameter: a dot for each seed, a line through the means, diverged runs at the edge. */
export function sensitivity({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const panels = tables.flatMap((table) => {
    const name = options.x ?? tunedHyperparameters(table.rows)[0]?.name;
    return name === undefined ? [] : [panelData(table, name)];
  });
  const keys = [...new Set(panels.flatMap(({ series }) => series))];
  const series = [...seriesOf(tables).values()]
    .filter(({ key }) => keys.includes(key))
    .map((entry): Series => ({ ...entry, label: labelOf(entry, panels) }));
  const problems = [...new Set(panels.map(({ table }) => printable(table.testproblem)))].join(', ');
  const names = [...new Set(panels.map(({ name }) => printable(name)))].join(', ');
  const explained: Explained[] = [
    { mark: 'note', label: 'line: mean; circles: runs; filled marker: chosen setting' },
    ...(panels.some(({ dots }) => dots.some(({ value }) => value === null))
      ? [{ mark: 'cross' as const, label: 'run that diverged or stopped' }]
      : []),
    ...(panels.some(({ lines }) => lines.some(({ low }) => low !== null))
      ? [{ mark: 'band' as const, label: 'band of a horizontal line: 95 % interval of the mean' }]
      : []),
  ];
  return {
    kind: 'sensitivity',
    title: `${problems}: sensitivity to ${names}`,
    description: `Final values against ${names} on ${problems}: ${series.map(({ label }) => label).join('; ')}.`,
    caption: [
      ...panels.map(({ table }) => printable(`${table.testproblem}: ${table.conditions}`)),
      ...panels.flatMap(({ table }) =>
        table.rows.flatMap((row) =>
          row.edges
            .filter(({ hyperparameter }) => hyperparameter === (options.x ?? hyperparameter))
            .map(({ side, value, hyperparameter }) =>
              printable(
                `${row.name}: the chosen ${hyperparameter} ${Number(value.toPrecision(4))} is the ${side} that was tried`,
              ),
            ),
        ),
      ),
    ],
    records: panels.flatMap(({ table, name, dots }) =>
      dots.map(({ key, x, seed, value }) => ({
        testproblem: table.testproblem,
        metric: table.metric,
        optimizer: key,
        hyperparameter: name,
        x,
        seed,
        value,
      })),
    ),
    columns: (width) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2)),
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map((panel) => draw(panel, layout, series, options)),
        columns: Math.max(1, Math.min(panels.length, layout.width < 300 ? 1 : 2)),
        legend: legendPanel(layout, series, explained),
      }),
  };
}

type PanelData = ReturnType<typeof panelData>;

function panelData(table: ComparisonTable, name: string) {
  const dots: Dot[] = [];
  const means: Mean[] = [];
  const lines: Line[] = [];
  for (const { row, tried } of competitorsOf(table)) {
    const key = seriesKey(row, table);
    const best = [...bestAt(tried, [name]).values()];
    if (best.length < 2) {
      const { mean } = row.final;
      if (mean !== null)
        lines.push({ key, value: mean, low: row.interval?.low ?? null, high: row.interval?.high ?? null });
      continue;
    }
    for (const setting of best) {
      const x = numberOf(setting, name);
      for (const { seed, final } of setting.runs) dots.push({ key, x, seed, value: final });
      const { mean, n } = setting.final;
      if (mean !== null) means.push({ key, x, n, value: mean, chosen: setting.chosen });
    }
  }
  const series = [...new Set([...dots, ...lines].map(({ key }) => key))];
  return { table, name, dots, means: means.sort((left, right) => left.x - right.x), lines, series };
}

function labelOf({ key, label }: Series, panels: readonly PanelData[]): string {
  const values = panels.flatMap(({ dots }) => {
    const own = dots.filter((dot) => dot.key === key);
    return [...new Set(own.map(({ x }) => x))].map((x) => own.filter((dot) => dot.x === x));
  });
  if (values.length === 0) return `${label}, one value or none`;
  const counts = values.map((own) => own.filter(({ value }) => value !== null).length);
  const lost = values.flat().filter(({ value }) => value === null).length;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const numbers = least === most ? `${least}` : `${least} to ${most}`;
  return `${key} (n = ${numbers} for each value${lost === 0 ? '' : `, ${lost} diverged or stopped`})`;
}

function draw(
  { table, name, dots, means, lines }: PanelData,
  layout: Layout,
  series: readonly Series[],
  options: FigureOptions,
): Spec {
  const { color, shape, strokeDash } = seriesScales(series);
  const known = dots.filter(({ value }) => value !== null);
  const axis = numberAxis(
    [...known, ...means, ...lines].flatMap(({ value }) => value ?? []),
    {
      ends: lines.flatMap(({ low, high }) => [low, high].filter((end) => end !== null)),
      scale: options.scale,
      limits: limitsOf(table.metric),
    },
  );
  const positions = dots.map(({ x }) => x);
  const horizontal = numberAxis(positions, { scale: positions.every((x) => x > 0) ? 'log' : 'linear' });
  const x = {
    field: 'x',
    type: 'quantitative',
    title: axisTitle(printable(name), layout.panelWidth, layout),
    scale: horizontal.scale,
    axis: { labelOverlap: true, tickCount: 6, ...horizontal.axis },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    title: metricTitle(table.metric),
    scale: axis.scale,
    axis: { tickCount: 5, labelOverlap: true, ...axis.axis },
  });
  const size = layout.fontSize * layout.fontSize;
  return {
    title: panelTitle(printable(table.testproblem), layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    layer: [
      {
        data: {
          values: lines.flatMap(({ key, low, high }) =>
            low === null || high === null ? [] : [{ key, low: axis.shown(low), high: axis.shown(high) }],
          ),
        },
        mark: { type: 'rect', opacity: 0.18 },
        encoding: { y: y('low'), y2: { field: 'high' }, color },
      },
      {
        data: { values: lines },
        mark: { type: 'rule', strokeWidth: layout.fontSize / 6.5 },
        encoding: { y: y('value'), color, strokeDash },
      },
      {
        data: { values: known },
        mark: { type: 'circle', opacity: 0.5, size: size * 0.2 },
        encoding: { x, y: y('value'), color },
      },
      { data: { values: means }, mark: { type: 'line' }, encoding: { x, y: y('value'), color, strokeDash } },
      {
        data: { values: means.filter(({ chosen }) => !chosen) },
        mark: { type: 'point' },
        encoding: { x, y: y('value'), color, shape },
      },
      {
        data: { values: means.filter(({ chosen }) => chosen) },
        mark: { type: 'point', filled: true, size: size * 0.9 },
        encoding: { x, y: y('value'), color, shape },
      },
      {
        data: { values: dots.filter(({ value }) => value === null) },
        mark: { type: 'point', shape: CROSS },
        encoding: { x, ...badEdge(table.metric), color },
      },
    ],
  };
}
