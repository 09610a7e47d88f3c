import type { Comparison, ComparisonRow, ComparisonTable, CurvePoint } from '../../analysis/index.js';
import type { Metric } from '../../results/index.js';
import { printable } from '../escape.js';
import { badEdge, limitsOf, metricTitle, numberAxis } from './axes.js';
import type { Figure, FigureRecord, Layout, Spec } from './figure.js';
import type { Band, CurveAxis, FigureOptions } from './options.js';
import { assemble, CROSS, type Explained, legendPanel, panelHeight, panelTitle, seriesScales } from './panels.js';
import { type Series, seriesKey, seriesOf } from './series.js';

const AXIS_TITLES: Readonly<Record<CurveAxis, string>> = {
  epochs: 'epoch',
  steps: 'step',
  seconds: 'seconds of training',
  'cpu-seconds': 'processor seconds of training',
  gradients: 'gradient equivalents',
};

const BAND_NAMES: Readonly<Record<Exclude<Band, 'none'>, string>> = {
  interval: '95 % interval of the mean',
  quartiles: 'quartiles',
  range: 'smallest to largest',
};

/** What stands in the caption of a figure over gradient equivalents. */
export const COSTS =
  'cost of training: a gradient of a minibatch counts 1, a Hessian-vector product 2, a loss 1/3; spread evenly over the epochs of a run';

/** One metric of one table: its own panel. */
interface Panel {
  readonly table: ComparisonTable;
  readonly metric: Metric;
}

/** Mean or median of the metrics over epochs, steps or seconds, with a named band; a panel for each table and metric. */
export function learningCurves({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const panels = tables.flatMap((table) =>
    (options.metrics ?? [table.metric]).map((metric): Panel => ({ table, metric })),
  );
  return curveFigure('learning-curves', tables, panels.filter(measured), options, (width) => (width < 300 ? 1 : 2));
}

/** The thesis' grid: the metrics of each test problem, a column for each problem when there are several. */
export function grid({ tables }: Pick<Comparison, 'tables'>, options: FigureOptions): Figure {
  const metrics = options.metrics ?? GRID;
  const shown = metrics.filter((metric) => tables.some((table) => measured({ table, metric })));
  if (tables.length === 1) {
    const panels = shown.map((metric) => ({ table: tables[0] as ComparisonTable, metric }));
    return curveFigure('grid', tables, panels, options, (width) => (width < 200 ? 1 : 2));
  }
  const panels = shown.flatMap((metric) => tables.map((table) => ({ table, metric })));
  return curveFigure('grid', tables, panels, options, () => tables.length);
}

const GRID: readonly Metric[] = ['test_losses', 'test_accuracies', 'train_losses', 'train_accuracies'];

function measured({ table, metric }: Panel): boolean {
  return table.rows.some(
    ({ detail }) => detail?.curves[metric] != null || detail?.runs.some((run) => run.curves[metric] !== null),
  );
}

function curveFigure(
  kind: string,
  tables: readonly ComparisonTable[],
  panels: readonly Panel[],
  options: FigureOptions,
  most: (width: number) => number,
): Figure {
  const columns = (width: number) => Math.max(1, Math.min(panels.length, most(width)));
  const series = seriesOf(tables);
  const drawn = panels.map((panel) => ({ ...panel, ...curveData(panel, options) }));
  const { centre, band } = options;
  const banded = band !== 'none' && drawn.some(({ points }) => points.some(({ low }) => low !== null));
  const stopped = drawn.some(({ stops }) => stops.length > 0);
  const explained: Explained[] = [
    ...(banded ? [{ mark: 'band' as const, label: `${centre}; band: ${BAND_NAMES[band]}` }] : []),
    ...(stopped ? [{ mark: 'cross' as const, label: 'run that diverged or stopped, at its last epoch' }] : []),
  ];
  const problems = [...new Set(tables.map(({ testproblem }) => printable(testproblem)))].join(', ');
  const metrics = [...new Set(panels.map(({ metric }) => metricTitle(metric)))].join(', ');
  return {
    kind,
    title: `${problems}: ${metrics} over ${options.over}`,
    description: `Curves of the ${centre} ${metrics} over ${options.over} on ${problems} of ${[...series.values()].map(({ label }) => label).join('; ')}.`,
    caption: [
      ...tables.map(({ testproblem, conditions }) => printable(`${testproblem}: ${conditions}`)),
      ...(options.over === 'gradients' ? [COSTS] : []),
    ],
    records: drawn.flatMap(({ table, metric, points, stops }) => [
      ...points.map(({ key, x, shown: _, ...point }) => ({
        testproblem: table.testproblem,
        metric,
        optimizer: key,
        [options.over]: x,
        ...point,
      })),
      ...stops.map(({ key, x, seed, state }) => ({
        testproblem: table.testproblem,
        metric,
        optimizer: key,
        [options.over]: x,
        seed,
        state,
      })),
    ]),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: drawn.map((panel) => curvePanel(panel, layout, [...series.values()], options)),
        columns: columns(layout.width),
        legend: legendPanel(layout, [...series.values()], explained),
      }),
  };
}

interface DrawnPoint {
  readonly key: string;
  readonly x: number;
  readonly n: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

function curveData({ table, metric }: Panel, options: FigureOptions) {
  const points: (DrawnPoint & { readonly shown: boolean })[] = [];
  const seeds: FigureRecord[] = [];
  const stops: { key: string; x: number; seed: number; state: string }[] = [];
  for (const [place, row] of table.rows.entries()) {
    const key = seriesKey(row, table);
    const curve = row.detail?.curves[metric] ?? [];
    const every = Math.max(1, Math.ceil(curve.length / 8));
    for (const [index, point] of curve.entries()) {
      const x = axisValue(point, options.over);
      const value = point[options.centre] ?? point.mean;
      if (x === null || value === null) continue;
      const [low, high] = bandOf(point, options.band);
      // Markers of the curves stand at different epochs, so that none covers another.
      points.push({ key, x, n: point.n, value, low, high, shown: (index + place) % every === 0 });
    }
    for (const run of row.detail?.runs ?? []) {
      const own = run.curves[metric] ?? [];
      const last = Math.max(0, own.length - 1);
      if (run.status.state !== 'completed') {
        const x = options.over === 'epochs' ? last : axisOfRun(row, run.status.epoch, options.over);
        if (x !== null) stops.push({ key, x, seed: run.seed, state: run.status.state });
      }
      if (!options.seeds) continue;
      for (const [epoch, value] of own.entries()) {
        const x = axisOfRun(row, epoch, options.over);
        if (value !== null && x !== null) seeds.push({ key, seed: `${key} ${run.seed}`, x, value });
      }
    }
  }
  return { points, seeds, stops };
}

/** Single runs stand at the mean times of their setting. */
function axisOfRun(row: ComparisonRow, epoch: number, over: CurveAxis): number | null {
  if (over === 'epochs') return epoch;
  const curves = Object.values(row.detail?.curves ?? {}).find((curve) => curve !== null);
  const point = curves?.[epoch];
  return point === undefined ? null : axisValue(point, over);
}

function axisValue(point: CurvePoint, over: CurveAxis): number | null {
  switch (over) {
    case 'epochs':
      return point.epoch;
    case 'steps':
      return point.steps;
    case 'seconds':
      return point.wallSeconds;
    case 'cpu-seconds':
      return point.cpuSeconds;
    case 'gradients':
      return point.gradientEquivalents;
  }
}

function bandOf(point: CurvePoint, band: Band): [number | null, number | null] {
  switch (band) {
    case 'interval':
      return [point.interval?.low ?? null, point.interval?.high ?? null];
    case 'quartiles':
      return [point.lowerQuartile, point.upperQuartile];
    case 'range':
      return [point.minimum, point.maximum];
    case 'none':
      return [null, null];
  }
}

function curvePanel(
  { table, metric, points, seeds, stops }: Panel & ReturnType<typeof curveData>,
  layout: Layout,
  series: readonly Series[],
  options: FigureOptions,
): Spec {
  if (!measured({ table, metric })) return emptyPanel(`${metricTitle(metric)}: not measured`, table, layout);
  const single = seeds.map(({ value }) => Number(value));
  const ends = points.flatMap(({ low, high }) => [low, high].filter((end) => end !== null));
  const axis = numberAxis([...points.map(({ value }) => value), ...single], {
    ends,
    scale: options.scale,
    limits: limitsOf(metric),
  });
  const { color, strokeDash, shape } = seriesScales(series);
  const values = points.map(({ low, high, shown, ...point }) => ({
    ...point,
    ...(low === null || high === null ? {} : { low: axis.shown(low), high: axis.shown(high) }),
    ...(shown ? { marker: true } : {}),
  }));
  const longest = Math.max(1, ...points.map(({ x }) => x), ...stops.map(({ x }) => x));
  const x = {
    field: 'x',
    type: 'quantitative',
    title: AXIS_TITLES[options.over],
    scale: { domain: [0, longest], nice: false },
    axis: {
      tickCount: Math.max(2, Math.round(layout.panelWidth / (layout.fontSize * 5))),
      ...(options.over === 'epochs' ? { tickMinStep: 1 } : {}),
    },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    title: metricTitle(metric),
    scale: axis.scale,
    axis: { tickCount: 5, ...axis.axis },
  });
  const layer: Spec[] = [
    {
      transform: [{ filter: { field: 'low', valid: true } }],
      mark: { type: 'area', opacity: 0.18, clip: true },
      encoding: { x, y: y('low'), y2: { field: 'high' }, color },
    },
    ...(seeds.length === 0
      ? []
      : [
          {
            data: { values: seeds },
            mark: { type: 'line', strokeWidth: layout.fontSize / 18, opacity: 0.5 },
            encoding: { x, y: y('value'), color, detail: { field: 'seed', type: 'nominal' } },
          },
        ]),
    { mark: { type: 'line' }, encoding: { x, y: y('value'), color, strokeDash, tooltip: TOOLTIP } },
    {
      transform: [{ filter: { field: 'marker', equal: true } }],
      mark: { type: 'point' },
      encoding: { x, y: y('value'), color, shape, tooltip: TOOLTIP },
    },
    {
      data: { values: stops },
      mark: { type: 'point', shape: CROSS, clip: false },
      encoding: { x, ...badEdge(metric), color },
    },
  ];
  return {
    description: metric,
    title: panelTitle(printable(table.testproblem), layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    data: { values },
    layer,
  };
}

/** Keeps its place in a grid, and says why nothing is there. */
function emptyPanel(text: string, table: ComparisonTable, layout: Layout): Spec {
  return {
    title: panelTitle(printable(table.testproblem), layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    data: { values: [{ text }] },
    mark: { type: 'text' },
    encoding: { text: { field: 'text' } },
  };
}

const TOOLTIP = [
  { field: 'key', type: 'nominal', title: 'optimizer' },
  { field: 'x', type: 'quantitative', title: 'at' },
  { field: 'value', type: 'quantitative', title: 'value' },
  { field: 'low', type: 'quantitative', title: 'low' },
  { field: 'high', type: 'quantitative', title: 'high' },
  { field: 'n', type: 'quantitative', title: 'n' },
];
