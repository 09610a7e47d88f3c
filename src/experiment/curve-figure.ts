import { badEdge, limitsOf, metricTitle, numberAxis } from '../report/figures/axes.js';
import type { Figure, Layout, Spec } from '../report/figures/figure.js';
import {
  assemble,
  CROSS,
  type Explained,
  legendPanel,
  panelHeight,
  panelTitle,
  seriesScales,
} from '../report/figures/panels.js';
import { type Look, look, type Series } from '../report/figures/series.js';
import type { Curve, CurvePanel } from './curve.js';

/** What a figure of an experiment says beside its curves. */
interface CurveFigureText {
  readonly kind: string;
  readonly title: string;
  readonly caption: readonly string[];
  /** Title of the horizontal axis. */
  readonly over: string;
  /** What the band is, for the legend. */
  readonly band: string;
  /** Horizontal axis: learning rates are logarithmic. */
  readonly logarithmic?: boolean;
  /** Curves in this order have the same look in every figure of a page. */
  readonly order: readonly string[];
  /** The look of each curve, where it says what the curves have in common. */
  readonly looks?: Readonly<Record<string, Look>>;
  readonly published: boolean;
}

/** Curves in panels, drawn alike for what was measured here and for what was published. */
export function curveFigure(panels: readonly CurvePanel[], text: CurveFigureText): Figure {
  const keys = text.order.filter((key) => panels.some(({ curves }) => curves.some((curve) => curve.key === key)));
  const series = keys.map((key): Series => {
    const own = panels.flatMap(({ curves }) => curves.filter((curve) => curve.key === key));
    const given = text.looks?.[key];
    const appearance = given ?? look(text.order.indexOf(key));
    return {
      key,
      label: `${key} (${countsOf(own)})`,
      ...appearance,
      dash: text.published && given === undefined ? [4, 3] : appearance.dash,
    };
  });
  const points = panels.flatMap(({ curves }) => curves.flatMap((curve) => curve.points));
  const explained: Explained[] = [
    ...(points.some(({ low }) => low !== null) ? [{ mark: 'band' as const, label: `mean; band: ${text.band}` }] : []),
    ...(panels.some(({ curves }) => curves.some(({ lostAt }) => lostAt.length > 0))
      ? [{ mark: 'cross' as const, label: 'run that diverged or stopped; it is in no mean' }]
      : []),
  ];
  const columns = (width: number) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2));
  return {
    kind: text.kind,
    title: text.title,
    description: `${text.title}: ${series.map(({ label }) => label).join('; ')}.`,
    caption: text.caption,
    records: panels.flatMap(({ title, metric, curves }) =>
      curves.flatMap(({ key, points: own }) =>
        own.map(({ x, ...point }) => ({ panel: title, metric, optimizer: key, [text.over]: x, ...point })),
      ),
    ),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map((panel) => drawPanel(panel, layout, series, text)),
        columns: columns(layout.width),
        legend: legendPanel(layout, series, explained),
      }),
  };
}

function countsOf(curves: readonly Curve[]): string {
  const numbers = curves.flatMap(({ points }) => points.map(({ n }) => n));
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const lost = Math.max(0, ...curves.map(({ lostAt }) => lostAt.length));
  const counted = numbers.length === 0 ? 'n = 0' : `n = ${least === most ? least : `${least} to ${most}`}`;
  return lost === 0 ? counted : `${counted}, ${lost} diverged or stopped`;
}

function drawPanel(
  { title, metric, curves }: CurvePanel,
  layout: Layout,
  series: readonly Series[],
  { over, logarithmic = false }: CurveFigureText,
): Spec {
  const { color, strokeDash, shape } = seriesScales(series);
  const all = curves.flatMap(({ key, points }, place) => {
    const every = logarithmic ? 1 : Math.max(1, Math.ceil(points.length / 8));
    return points.map((point, index) => ({ key, marker: (index + place) % every === 0, ...point }));
  });
  const axis = numberAxis(
    all.map(({ value }) => value),
    { ends: all.flatMap(({ low, high }) => [low, high].filter((end) => end !== null)), limits: limitsOf(metric) },
  );
  const lost = curves.flatMap(({ key, lostAt }) => lostAt.map((x) => ({ key, x })));
  const positions = [...all, ...lost].map(({ x }) => x);
  const horizontal = logarithmic
    ? numberAxis(positions, { scale: 'log' })
    : { scale: { domain: [0, Math.max(1, ...positions)], nice: false }, axis: { tickMinStep: 1, tickCount: 6 } };
  const x = {
    field: 'x',
    type: 'quantitative',
    title: over,
    scale: horizontal.scale,
    axis: { labelOverlap: true, ...horizontal.axis },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    title: metricTitle(metric),
    scale: axis.scale,
    axis: { tickCount: 5, ...axis.axis },
  });
  const values = all.map(({ low, high, ...point }) => ({
    ...point,
    ...(low === null || high === null ? {} : { low: axis.shown(low), high: axis.shown(high) }),
  }));
  return {
    title: panelTitle(title, layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    data: { values },
    layer: [
      {
        transform: [{ filter: { field: 'low', valid: true } }],
        mark: { type: 'area', opacity: 0.18, clip: true },
        encoding: { x, y: y('low'), y2: { field: 'high' }, color },
      },
      { mark: { type: 'line' }, encoding: { x, y: y('value'), color, strokeDash } },
      {
        transform: [{ filter: { field: 'marker', equal: true } }],
        mark: { type: 'point' },
        encoding: { x, y: y('value'), color, shape },
      },
      {
        data: { values: lost },
        mark: { type: 'point', shape: CROSS },
        encoding: { x, ...badEdge(metric), color },
      },
    ],
  };
}
