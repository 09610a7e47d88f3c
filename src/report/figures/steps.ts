import type { Comparison } from '../../analysis/index.js';
import { printable } from '../escape.js';
import type { Figure, Layout, Spec } from './figure.js';
import { COSTS } from './learning-curves.js';
import type { FigureOptions } from './options.js';
import { assemble, legendPanel, panelHeight, panelTitle, seriesScales } from './panels.js';
import { look, type Series, seriesKey, seriesOf } from './series.js';

interface StepPoint {
  readonly key: string;
  readonly x: number;
  readonly share: number;
}

/** The share of the runs that have reached the target, by epoch or by seconds of training. */
export function timeToTarget({ tables }: Pick<Comparison, 'tables'>, { over }: Pick<FigureOptions, 'over'>): Figure {
  const shown = tables.filter(({ rows }) => rows.some(({ target }) => target !== null));
  const series = seriesOf(shown);
  const unit = over === 'seconds' || over === 'gradients' ? over : 'epochs';
  const panels = shown.map((table) => {
    const target = table.rows.find((row) => row.target !== null)?.target?.target;
    const points = table.rows.flatMap((row) => reached(row, seriesKey(row, table), unit));
    return {
      table,
      points,
      title: `${table.testproblem}: ${target?.metric.replace('_', ' ')} ${Number(target?.value.toPrecision(6))}`,
    };
  });
  return {
    kind: 'time-to-target',
    title: `Share of runs that reached the target, by ${unit}`,
    description: `Share of the runs that reached the target by ${unit}, for ${[...series.values()].map(({ label }) => label).join('; ')}.`,
    caption: [
      ...shown.map(({ testproblem, conditions }) =>
        printable(`${testproblem}: ${conditions}; interrupted and failed runs are not counted`),
      ),
      ...(unit === 'gradients' ? [COSTS] : []),
    ],
    records: panels.flatMap(({ table, points }) =>
      points.map(({ key, x, share }) => ({ testproblem: table.testproblem, optimizer: key, [unit]: x, share })),
    ),
    columns: (width) => Math.max(1, Math.min(panels.length, width < 300 ? 1 : 2)),
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map(({ points, title }) =>
          stepPanel(layout, [...series.values()], points, {
            heading: panelTitle(printable(title), layout),
            title: { seconds: 'seconds of training', gradients: 'gradient equivalents', epochs: 'epoch' }[unit],
            domain: [0, Math.max(1, ...points.map(({ x }) => x))],
            whole: unit === 'epochs',
            share: 'share of runs',
          }),
        ),
        columns: Math.max(1, Math.min(panels.length, layout.width < 300 ? 1 : 2)),
        legend: legendPanel(layout, [...series.values()]),
      }),
  };
}

function reached(
  row: Comparison['tables'][number]['rows'][number],
  key: string,
  unit: 'seconds' | 'epochs' | 'gradients',
): StepPoint[] {
  const outcomes = (row.detail?.runs ?? []).flatMap(({ target, status, gradientEquivalentsPerEpoch: cost }) =>
    target === null || target.kind === 'unknown' || (unit === 'gradients' && cost === null)
      ? []
      : [{ target, epoch: status.epoch, cost: cost ?? 0 }],
  );
  if (outcomes.length === 0) return [];
  const times = outcomes
    .flatMap(({ target, cost }) => {
      if (target.kind !== 'reached') return [];
      return { seconds: target.seconds, epochs: target.epoch, gradients: target.epoch * cost }[unit] ?? [];
    })
    .sort((left, right) => left - right);
  const last =
    unit === 'seconds'
      ? (times.at(-1) ?? 0)
      : Math.max(...outcomes.map(({ epoch, cost }) => (unit === 'gradients' ? epoch * cost : epoch)));
  const steps = times.map((x, index): StepPoint => ({ key, x, share: (index + 1) / outcomes.length }));
  return [{ key, x: 0, share: 0 }, ...steps, { key, x: last, share: times.length / outcomes.length }];
}

/** Performance profiles: the share of problems solved within τ times the fastest. */
export function profiles({ profiles: all }: Pick<Comparison, 'profiles'>): Figure {
  const largest = 4;
  const series = all.map(({ optimizer, score, problems, ofProblems }, index): Series => {
    return {
      ...look(index),
      key: printable(optimizer),
      label: `${printable(optimizer)} (score ${score.toFixed(3)}, ${problems} of ${ofProblems} problems)`,
    };
  });
  const points = all.flatMap(({ optimizer, steps }): StepPoint[] => {
    const key = printable(optimizer);
    const within = steps.filter(({ ratio }) => ratio <= largest).map(({ ratio, share }) => ({ key, x: ratio, share }));
    return [{ key, x: 1, share: 0 }, ...within, { key, x: largest, share: within.at(-1)?.share ?? 0 }];
  });
  return {
    kind: 'profiles',
    title: 'Performance profiles by median epochs to target',
    description: `Share of test problems solved within τ times the fastest optimizer: ${series.map(({ label }) => label).join('; ')}.`,
    caption: [
      'a missed target is within no τ; score: mean share over τ from 1 to 4; an optimizer is judged by the problems it was run on',
    ],
    records: points.map(({ key, x, share }) => ({ optimizer: key, tau: x, share })),
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: [
          stepPanel(layout, series, points, {
            heading: null,
            title: 'τ (times the fastest)',
            domain: [1, largest],
            whole: false,
            share: 'share of problems',
          }),
        ],
        columns: 1,
        legend: legendPanel(layout, series),
      }),
  };
}

function stepPanel(
  layout: Layout,
  series: readonly Series[],
  points: readonly StepPoint[],
  {
    heading,
    title,
    domain,
    whole,
    share,
  }: {
    readonly heading: Spec | null;
    readonly title: string;
    readonly domain: readonly [number, number];
    /** Whether only whole numbers have a meaning. */
    readonly whole: boolean;
    readonly share: string;
  },
): Spec {
  const { color, strokeDash, shape } = seriesScales(series);
  const encoding = {
    x: {
      field: 'x',
      type: 'quantitative',
      title,
      scale: { domain, nice: false },
      axis: {
        tickCount: Math.max(2, Math.round(layout.panelWidth / (layout.fontSize * 5))),
        ...(whole ? { tickMinStep: 1 } : {}),
      },
    },
    y: {
      field: 'share',
      type: 'quantitative',
      title: share,
      scale: { domain: [0, 1] },
      axis: { tickCount: 5, format: '.0%' },
    },
    color,
  };
  return {
    ...(heading === null ? {} : { title: heading }),
    width: layout.panelWidth,
    height: panelHeight(layout),
    data: { values: points },
    layer: [
      { mark: { type: 'line', interpolate: 'step-after' }, encoding: { ...encoding, strokeDash } },
      { mark: { type: 'point' }, encoding: { ...encoding, shape } },
    ],
  };
}
