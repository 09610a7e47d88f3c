import type { Quantities } from '../../analysis/index.js';
import { groupBy } from '../../group-by.js';
import { printable } from '../escape.js';
import { numberAxis } from './axes.js';
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
import { look, type Series } from './series.js';

/** What the optimizer of one run said about itself. */
export interface RunQuantities extends Quantities {
  readonly testproblem: string;
  /** The row that the run belongs to. */
  readonly optimizer: string;
  readonly seed: number;
}

/** Quantities of the optimizer's own log over steps or epochs, a panel for each, a line for each run; events as marks. */
export function quantities(
  runs: readonly RunQuantities[],
  { over, scale, names }: Pick<FigureOptions, 'over' | 'scale'> & { readonly names?: readonly string[] },
): Figure {
  const problems = [...new Set(runs.map(({ testproblem }) => testproblem))];
  const found = [...new Set(runs.flatMap(({ points }) => points.map(({ quantity }) => quantity)))];
  const shown = names ?? found.filter((name) => !/^(seconds|cost)\b/.test(name) && !/ [4-9]$| \d\d+$/.test(name));
  const axis = over === 'steps' ? 'step' : 'epoch';
  const several = new Set(runs.map(({ optimizer }) => optimizer)).size > 1;
  const keyOf = (run: RunQuantities, where: string) =>
    printable(several ? [run.optimizer, where].filter((part) => part !== '').join(', ') : where || run.optimizer);
  const panels = problems.flatMap((testproblem) =>
    shown.flatMap((quantity) => {
      const points = runs.flatMap((run) =>
        run.testproblem !== testproblem
          ? []
          : run.points.flatMap((point) =>
              point.quantity === quantity
                ? [
                    {
                      key: keyOf(run, point.where),
                      optimizer: printable(run.optimizer),
                      line: `${run.optimizer} ${run.seed} ${point.where}`,
                      seed: run.seed,
                      x: point[axis],
                      value: point.value,
                    },
                  ]
                : [],
            ),
      );
      const events = runs.flatMap((run) =>
        run.testproblem === testproblem
          ? run.events.map((event) => ({
              x: event[axis],
              seed: run.seed,
              text: printable(`${event.event}, ${event.where}: ${event.reason}`),
            }))
          : [],
      );
      return points.length === 0 ? [] : [{ testproblem, quantity, points, events }];
    }),
  );
  const keys = [...new Set(panels.flatMap(({ points }) => points.map(({ key }) => key)))];
  const series = keys.map((key, index): Series => {
    const seeds = new Set(
      panels.flatMap(({ points }) => points.filter((point) => point.key === key).map(({ line }) => line)),
    );
    return { ...look(index), key, label: `${key} (n = ${seeds.size})` };
  });
  const columns = (width: number) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2));
  const marked = panels.some(({ events }) => events.length > 0);
  const explained: Explained[] = [
    { mark: 'note', label: 'a line for each run' },
    ...(marked ? [{ mark: 'cross' as const, label: 'event: restart, unusable step size, layer left out' }] : []),
  ];
  return {
    kind: 'quantities',
    title: `${problems.map(printable).join(', ')}: what the optimizer reports`,
    description: `Quantities of the optimizer over ${axis}s: ${shown.map(printable).join(', ')}, of ${series.map(({ label }) => label).join('; ')}.`,
    caption: [...new Set(runs.map(({ optimizer }) => printable(optimizer)))],
    records: panels.flatMap(({ testproblem, quantity, points }) =>
      points.map(({ key, seed, x, value }) => ({ testproblem, quantity, of: key, seed, [axis]: x, value })),
    ),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map((panel) => draw(panel, layout, series, { axis, scale })),
        columns: columns(layout.width),
        legend: legendPanel(layout, series, explained),
      }),
  };
}

/** Lines of more points have markers at some of them only: a marker for each would hide the line. */
const MOST_MARKERS = 12;

function markedPoints<Point extends { readonly line: string }>(points: readonly Point[]): Point[] {
  return [...groupBy(points, ({ line }) => line).values()].flatMap((own) => {
    const every = Math.ceil(own.length / MOST_MARKERS);
    return own.filter((_, index) => index % every === 0);
  });
}

/** Letters that papers use. */
const LETTERS: Readonly<Record<string, string>> = { alpha: 'α', lambda: 'λ', sigma: 'σ' };

function draw(
  {
    testproblem,
    quantity,
    points,
    events,
  }: {
    readonly testproblem: string;
    readonly quantity: string;
    readonly points: readonly {
      readonly key: string;
      readonly line: string;
      readonly x: number;
      readonly value: number | null;
    }[];
    readonly events: readonly { readonly x: number; readonly text: string }[];
  },
  layout: Layout,
  series: readonly Series[],
  { axis, scale }: { readonly axis: string; readonly scale: FigureOptions['scale'] },
): Spec {
  const { color, strokeDash, shape } = seriesScales(series);
  const known = points.filter(({ value }) => value !== null);
  const vertical = numberAxis(
    known.flatMap(({ value }) => value ?? []),
    { scale },
  );
  const title = printable(
    quantity.replace(/^(\w+)/, (word) => (Object.hasOwn(LETTERS, word) ? (LETTERS[word] ?? word) : word)),
  );
  const horizontal = numberAxis(
    [...known, ...events].map(({ x: at }) => at),
    { scale: 'linear' },
  );
  const x = {
    field: 'x',
    type: 'quantitative',
    title: axis,
    scale: horizontal.scale,
    axis: { tickCount: 6, labelOverlap: true },
  };
  const encoding = {
    x,
    y: {
      field: 'value',
      type: 'quantitative',
      title: axisTitle(title, panelHeight(layout), layout),
      scale: vertical.scale,
      axis: { tickCount: 5, labelOverlap: true, ...vertical.axis },
    },
    color,
  };
  return {
    title: panelTitle(`${printable(testproblem)}: ${title}`, layout),
    width: layout.panelWidth,
    height: panelHeight(layout),
    layer: [
      {
        data: { values: known },
        mark: { type: 'line', strokeWidth: layout.fontSize / 10 },
        encoding: { ...encoding, strokeDash, detail: { field: 'line', type: 'nominal' } },
      },
      {
        data: { values: markedPoints(known) },
        mark: { type: 'point', size: layout.fontSize * layout.fontSize * 0.2 },
        encoding: { ...encoding, shape },
      },
      {
        data: { values: events },
        mark: { type: 'point', shape: CROSS, color: layout.ink },
        encoding: { x, y: { value: 'height' }, tooltip: { field: 'text', type: 'nominal' } },
      },
    ],
  };
}
