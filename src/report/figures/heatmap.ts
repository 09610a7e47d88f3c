import { type Comparison, type ComparisonTable, isAccuracy } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { metricTitle } from './axes.js';
import type { Figure, Layout, Spec } from './figure.js';
import type { FigureOptions } from './options.js';
import { assemble, axisTitle, CROSS, type Explained, legendPanel, panelTitle } from './panels.js';
import { seriesKey } from './series.js';
import { bestAt, competitorsOf, numberOf, tunedHyperparameters } from './tuning.js';

interface Cell {
  readonly x: number;
  readonly y: number;
  readonly n: number;
  readonly value: number | null;
  readonly lost: number;
  readonly chosen: boolean;
}

interface Panel {
  readonly table: ComparisonTable;
  readonly key: string;
  readonly names: readonly [string, string];
  readonly cells: readonly Cell[];
}

/** The final metric over two hyperparameters, a panel for each optimizer that has both; diverged runs are crossed. */
export function heatmap({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const panels = tables.flatMap((table) => panelsOf(table, options));
  const problems = [...new Set(panels.map(({ table }) => printable(table.testproblem)))].join(', ');
  const optimizers = [...new Set(panels.map(({ key }) => key))].join(', ');
  const columns = (width: number) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2));
  const explained: Explained[] = [
    { mark: 'note', label: 'darker is better; the frame marks the chosen setting' },
    ...(panels.some(({ cells }) => cells.some(({ lost }) => lost > 0))
      ? [{ mark: 'cross' as const, label: 'some or all runs diverged or stopped' }]
      : []),
  ];
  return {
    kind: 'heatmap',
    title: `${problems}: two hyperparameters of ${optimizers}`,
    description: `Mean final values over two hyperparameters: ${panels.map(({ key, names, cells }) => `${key}, ${names.map(printable).join(' and ')}, ${cells.length} settings`).join('; ')}.`,
    caption: panels.map(({ table, key }) =>
      printable(
        `${key} on ${table.testproblem}: mean ${metricTitle(table.metric)}, ${table.conditions}; best of the other hyperparameters`,
      ),
    ),
    records: panels.flatMap(({ table, key, names: [first, second], cells }) =>
      cells.map(({ x, y, n, value, lost }) => ({
        testproblem: table.testproblem,
        metric: table.metric,
        optimizer: key,
        x: first,
        x_value: x,
        y: second,
        y_value: y,
        n,
        value,
        diverged_or_stopped: lost,
      })),
    ),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map((panel) => draw(panel, layout)),
        columns: columns(layout.width),
        legend: legendPanel(layout, [], explained),
      }),
  };
}

function panelsOf(table: ComparisonTable, options: FigureOptions): Panel[] {
  return competitorsOf(table).flatMap(({ row, tried }): Panel[] => {
    const tuned = tunedHyperparameters([
      { ...row, ...(row.detail === undefined ? {} : { detail: { ...row.detail, tried } }) },
    ]).map(({ name }) => name);
    const wanted =
      options.x ??
      tuned.find((name) => name === 'lr' && name !== options.y) ??
      tuned.find((name) => name !== options.y);
    const other = options.y ?? tuned.find((name) => name !== wanted);
    if (wanted === undefined || other === undefined || !tuned.includes(wanted) || !tuned.includes(other)) return [];
    const cells = [...bestAt(tried, [wanted, other]).values()].map(
      (setting): Cell => ({
        x: numberOf(setting, wanted),
        y: numberOf(setting, other),
        n: setting.final.n,
        value: setting.final.mean,
        lost: setting.runs.filter(({ final }) => final === null).length,
        chosen: setting.chosen,
      }),
    );
    return cells.length < 2 ? [] : [{ table, key: seriesKey(row, table), names: [wanted, other], cells }];
  });
}

function draw({ table, key, names, cells }: Panel, layout: Layout): Spec {
  const { fontSize, panelWidth } = layout;
  const sorted = (of: (cell: Cell) => number) => [...new Set(cells.map(of))].sort((left, right) => left - right);
  const [across, down] = [sorted(({ x }) => x), sorted(({ y }) => y).reverse()];
  const short = (value: number) => String(Number(value.toPrecision(3)));
  const values = cells.flatMap(({ value }) => value ?? []);
  const [low, high] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const wide = low > 0 && high / low > 30;
  const accuracy = isAccuracy(table.metric);
  const position = (value: number) =>
    high === low ? 0.5 : wide ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const data = cells.map(({ x, y, value, lost, chosen }) => {
    const place = value === null ? null : position(value);
    const quality = place === null ? null : accuracy ? place : 1 - place;
    return {
      x: short(x),
      y: short(y),
      value,
      lost,
      chosen,
      quality,
      text: value === null ? '' : short(value),
      letters: (quality ?? 0) > 0.55 ? 'light' : 'dark',
    };
  });
  const step = Math.max(fontSize * 2, Math.min(fontSize * 4, panelWidth / across.length));
  const encoding = {
    x: {
      field: 'x',
      type: 'nominal',
      scale: { domain: across.map(short) },
      title: axisTitle(printable(names[0]), panelWidth, layout),
      axis: { labelAngle: across.length > 6 ? -45 : 0, labelOverlap: true },
    },
    y: {
      field: 'y',
      type: 'nominal',
      scale: { domain: down.map(short) },
      title: axisTitle(printable(names[1]), step * down.length, layout),
    },
  };
  const roomy = panelWidth / across.length > fontSize * 4;
  return {
    title: panelTitle(`${printable(table.testproblem)}, ${key}`, layout),
    width: panelWidth,
    height: { step },
    data: { values: data },
    layer: [
      {
        transform: [{ filter: { field: 'quality', valid: true } }],
        mark: { type: 'rect' },
        encoding: {
          ...encoding,
          color: {
            field: 'quality',
            type: 'quantitative',
            scale: { domain: [0, 1], range: ['#f1eef6', '#74a9cf', '#034e7b'] },
            legend: null,
          },
          tooltip: [
            { field: 'x', title: 'across' },
            { field: 'y', title: 'down' },
            { field: 'value', type: 'quantitative', title: 'value' },
          ],
        },
      },
      {
        transform: [{ filter: { field: 'chosen', equal: true } }],
        mark: { type: 'rect', filled: false, stroke: '#d55e00', strokeWidth: fontSize / 4 },
        encoding,
      },
      ...(roomy
        ? [
            {
              mark: { type: 'text', fontSize: fontSize * 0.9 },
              encoding: {
                ...encoding,
                text: { field: 'text' },
                color: {
                  field: 'letters',
                  type: 'nominal',
                  scale: { domain: ['light', 'dark'], range: ['#ffffff', '#222222'] },
                  legend: null,
                },
              },
            },
          ]
        : []),
      {
        transform: [{ filter: { field: 'lost', gt: 0 } }],
        mark: { type: 'point', shape: CROSS, color: '#d55e00', ...(roomy ? { yOffset: fontSize * 0.9 } : {}) },
        encoding,
      },
    ],
    resolve: { scale: { color: 'independent' } },
  };
}
