import type { NumberAxis } from './axes.js';
import type { Layout, Spec } from './figure.js';
import { axisTitle, CROSS, seriesScales, wrapToWidth } from './panels.js';
import type { Series } from './series.js';

/** A line of a strip figure: single values, and a point with its interval. */
export interface Strip {
  readonly series: Series;
  readonly label: string;
  readonly values: readonly number[];
  readonly centre: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Runs that have no value: crosses at the edge. */
  readonly without: number;
}

/** Share of the figure's width that names may take. */
const SHARE_OF_NAMES = 0.38;

/** Horizontal strips, one below the other: the mean as the series' marker on its interval, the
 * values as small circles below it. */
export function stripPanel(
  layout: Layout,
  {
    strips,
    axis,
    title,
    rule,
    edge,
    heading,
    nameOf = 'optimizer',
  }: {
    readonly strips: readonly Strip[];
    readonly axis: NumberAxis;
    readonly title: string;
    /** A line at this value. */
    readonly rule: number | null;
    /** Where runs without a value stand. */
    readonly edge: 'left' | 'right';
    readonly heading: Spec | null;
    /** What a strip is called where the mouse is. */
    readonly nameOf?: string;
  },
): Spec {
  const { fontSize, measure, width, panelWidth } = layout;
  // Two rows of one label are still two rows.
  const named = strips.map((strip, index) => ({
    ...strip,
    name: `${wrapToWidth(strip.label, width * SHARE_OF_NAMES, fontSize, measure).join('\n')}${'\u200b'.repeat(index)}`,
  }));
  const domain = named.map(({ name }) => name);
  const most = Math.max(1, ...domain.map((name) => name.split('\n').length));
  const y = {
    field: 'name',
    type: 'nominal',
    scale: { domain },
    title: null,
    axis: {
      labelExpr: "split(datum.value, '\\n')",
      labelLimit: 0,
      // Room for a cross at the edge.
      labelPadding: fontSize * 0.8,
      ticks: false,
      grid: false,
      labelLineHeight: fontSize * 1.2,
    },
  };
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    title: axisTitle(title, panelWidth, layout),
    scale: axis.scale,
    axis: { tickCount: Math.max(2, Math.round(panelWidth / (fontSize * 6))), labelOverlap: true, ...axis.axis },
  });
  const { color, shape, strokeDash } = seriesScales(named.map(({ series }) => series));
  const about = ({ name, series }: (typeof named)[number]) => ({ name, key: series.key });
  const intervals = named.flatMap((strip) =>
    strip.low === null || strip.high === null
      ? []
      : [{ ...about(strip), low: axis.shown(strip.low), high: axis.shown(strip.high) }],
  );
  const tooltip = (field: string) => [
    { field: 'key', type: 'nominal', title: nameOf },
    { field, type: 'quantitative', title: 'value' },
  ];
  return {
    ...(heading === null ? {} : { title: heading }),
    width: panelWidth,
    height: { step: fontSize * Math.max(2.4, most * 1.3 + 0.6) },
    layer: [
      ...(rule === null
        ? []
        : [
            {
              data: { values: [{ value: rule }] },
              mark: { type: 'rule', color: layout.ink, strokeDash: [2, 2] },
              encoding: { x: x('value') },
            },
          ]),
      {
        data: {
          values: named.flatMap((strip) => strip.values.map((value) => ({ ...about(strip), value }))),
        },
        mark: { type: 'circle', opacity: 0.5, size: fontSize * fontSize * 0.2, yOffset: fontSize * 0.75 },
        encoding: {
          x: x('value'),
          y,
          color,
          tooltip: tooltip('value'),
        },
      },
      {
        data: { values: intervals },
        mark: { type: 'rule', strokeWidth: fontSize / 5 },
        encoding: { x: x('low'), x2: { field: 'high' }, y, color, strokeDash },
      },
      {
        data: {
          values: named.flatMap((strip) => (strip.centre === null ? [] : [{ ...about(strip), value: strip.centre }])),
        },
        mark: { type: 'point', filled: true, size: fontSize * fontSize * 0.6 },
        encoding: { x: x('value'), y, color, shape, tooltip: tooltip('value') },
      },
      {
        data: { values: named.filter(({ without }) => without > 0).map(about) },
        mark: { type: 'point', shape: CROSS },
        encoding: { x: { value: edge === 'left' ? 0 : 'width' }, y, color },
      },
    ],
  };
}
