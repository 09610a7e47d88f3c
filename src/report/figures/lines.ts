import { numberAxis } from './axes.js';
import type { FigureRecord, Layout, Spec } from './figure.js';
import { panelHeight, panelTitle, seriesScales } from './panels.js';
import type { Series } from './series.js';

/** A number that belongs to a series; `hollow` ones are drawn as marks without a line. */
export interface LinePoint {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly hollow?: boolean;
}

/** A panel with a line for each series. */
export interface LinePanel {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Whether only whole numbers have a place on the horizontal axis. */
  readonly whole?: boolean;
  readonly points: readonly LinePoint[];
  /** Places on the horizontal axis that are marked by ticks at the bottom. */
  readonly ticks?: readonly { readonly key: string; readonly x: number }[];
  readonly markers: boolean;
  readonly scale: 'auto' | 'log' | 'linear';
  readonly limits?: readonly [number, number];
}

/** Draws it. */
export function linePanel(panel: LinePanel, layout: Layout, series: readonly Series[]): Spec {
  const { color, strokeDash, shape } = seriesScales(series);
  const { points, ticks = [], limits = null } = panel;
  const vertical = numberAxis(
    points.map(({ y }) => y),
    { scale: panel.scale, limits, ...(limits === null ? {} : { ends: limits }) },
  );
  const horizontal = numberAxis([...points.map(({ x }) => x), ...ticks.map(({ x }) => x)], { scale: 'linear' });
  const x = {
    field: 'x',
    type: 'quantitative',
    title: panel.x,
    scale: horizontal.scale,
    axis: { tickCount: 6, ...(panel.whole === true ? { tickMinStep: 1 } : {}) },
  };
  const y = {
    field: 'y',
    type: 'quantitative',
    title: panel.y,
    scale: vertical.scale,
    axis: { tickCount: 5, labelOverlap: true, ...vertical.axis },
  };
  const marks = points.filter(({ hollow }) => panel.markers || hollow === true);
  return {
    title: panelTitle(panel.title, layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    layer: [
      {
        data: { values: points.filter(({ hollow }) => hollow !== true) },
        mark: { type: 'line', strokeWidth: layout.fontSize / 8, clip: true },
        encoding: { x, y, color, strokeDash },
      },
      ...[false, true].map((pale) => ({
        data: { values: marks.filter(({ hollow = false }) => hollow === pale) },
        mark: { type: 'point', size: layout.fontSize * layout.fontSize * 0.25, opacity: pale ? 0.4 : 1 },
        encoding: { x, y, color, shape },
      })),
      {
        data: { values: ticks },
        mark: { type: 'tick', orient: 'vertical', thickness: layout.fontSize / 10, size: layout.fontSize },
        encoding: { x, y: { value: panelHeight(layout) - layout.fontSize / 2 }, color },
      },
    ],
  };
}

/** The data of panels in long form. */
export function lineRecords(panels: readonly LinePanel[]): FigureRecord[] {
  return panels.flatMap(({ title, x: xName, y: yName, points }) =>
    points.map(({ key, x, y, hollow }) => ({
      panel: title,
      of: key,
      x_is: xName,
      y_is: yName,
      x,
      y,
      hollow: hollow === true ? 1 : 0,
    })),
  );
}
