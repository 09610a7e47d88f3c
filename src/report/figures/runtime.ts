import type { Comparison } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { numberAxis } from './axes.js';
import type { Figure, FigureRecord } from './figure.js';
import { assemble, legendPanel } from './panels.js';
import { look, seriesKey, seriesOf } from './series.js';
import { type Strip, stripPanel } from './strips.js';

/** A measure of run times: one panel, a strip for each optimizer. */
interface Measure {
  /** Of recorded times, whose panels the page filters by it. */
  readonly testproblem?: string;
  readonly title: string;
  readonly strips: readonly Strip[];
  readonly rule: number | null;
}

/** What `probprec runtime --json` says about one measure. */
export interface RuntimeReport {
  readonly testproblem: string;
  readonly batch_size: number;
  readonly num_epochs: number;
  readonly repeats: number;
  readonly reference: string;
  readonly method: string;
  readonly optimizers: readonly {
    readonly class_name: string;
    readonly diverged: string | null;
    readonly measures: readonly {
      readonly scope: string;
      readonly clock: string;
      readonly seconds: readonly number[];
      readonly ratio: {
        readonly values: readonly number[];
        readonly mean: number;
        readonly median: number;
        readonly interval: readonly [number, number] | null;
      } | null;
    }[];
  }[];
}

/** Run times relative to the reference, every repeat, from a file of `probprec runtime --json`. */
export function measuredRuntime(report: RuntimeReport): Figure {
  const measures = report.optimizers[0]?.measures.map(({ scope, clock }) => ({ scope, clock })) ?? [];
  const panels = measures.map(
    ({ scope, clock }): Measure => ({
      title: `${clock === 'cpu' ? 'processor' : 'wall'} time, ${scope === 'whole' ? 'whole run' : 'training alone'} (${printable(report.reference)} = 1)`,
      rule: 1,
      strips: report.optimizers.map((optimizer, index): Strip => {
        const measure = optimizer.measures.find((entry) => entry.scope === scope && entry.clock === clock);
        const ratio = optimizer.diverged === null ? (measure?.ratio ?? null) : null;
        const reference = measure !== undefined && measure.ratio === null && optimizer.diverged === null;
        const key = printable(optimizer.class_name);
        return {
          series: { ...look(index), key, label: key },
          label: `${key} (${optimizer.diverged === null ? `n = ${measure?.seconds.length ?? 0}` : 'diverged'})`,
          values: ratio?.values ?? [],
          centre: reference ? 1 : (ratio?.mean ?? null),
          low: ratio?.interval?.[0] ?? null,
          high: ratio?.interval?.[1] ?? null,
          without: optimizer.diverged === null ? 0 : 1,
        };
      }),
    }),
  );
  const about = `${report.testproblem}, batch size ${report.batch_size}, ${report.num_epochs} epochs, ${report.repeats} repeats`;
  return figureOf(panels, {
    title: `${report.testproblem}: run times`,
    caption: [about, report.method],
    interval: '95 % interval (of the typical ratio)',
  });
}

/** Seconds of training per epoch: every run, and the mean that the table shows. */
export function recordedRuntime({ tables }: Pick<Comparison, 'tables'>): Figure {
  const series = seriesOf(tables);
  const panels = tables.flatMap((table) =>
    (['wall', 'processor'] as const).flatMap((clock): Measure[] => {
      const strips = table.rows.flatMap((row): Strip[] => {
        const own = series.get(seriesKey(row, table));
        const centre = clock === 'wall' ? row.wallSecondsPerEpoch : row.cpuSecondsPerEpoch;
        if (own === undefined || centre === null) return [];
        const runs = (row.detail?.runs ?? []).filter(({ status }) => status.state === 'completed');
        const values = runs.flatMap(
          (run) => (clock === 'wall' ? run.wallSecondsPerEpoch : run.cpuSecondsPerEpoch) ?? [],
        );
        return [
          {
            series: own,
            label: `${own.key} (n = ${values.length})`,
            values,
            centre,
            low: null,
            high: null,
            without: 0,
          },
        ];
      });
      return strips.length === 0
        ? []
        : [
            {
              testproblem: printable(table.testproblem),
              title: `${table.testproblem}: ${clock} seconds of training per epoch`,
              strips,
              rule: null,
            },
          ];
    }),
  );
  return figureOf(panels, {
    title: 'Run times per epoch',
    caption: [
      ...new Set(tables.flatMap(({ notes }) => notes.filter((note) => /wall times?|relative times/.test(note)))),
    ],
    interval: null,
  });
}

function figureOf(
  panels: readonly Measure[],
  {
    title,
    caption,
    interval,
  }: { readonly title: string; readonly caption: readonly string[]; readonly interval: string | null },
): Figure {
  return {
    kind: 'runtime',
    title: printable(title),
    description: `Run times: ${panels.map((panel) => `${printable(panel.title)} of ${panel.strips.map(({ label }) => label).join(', ')}`).join('; ')}.`,
    caption: caption.map(printable),
    records: panels.flatMap((panel) =>
      panel.strips.flatMap(({ series, values, centre, low, high }): FigureRecord[] => [
        { measure: panel.title, optimizer: series.key, repeat: null, value: centre, low, high },
        ...values.map((value, index) => ({
          measure: panel.title,
          optimizer: series.key,
          repeat: index + 1,
          value,
          low: null,
          high: null,
        })),
      ]),
    ),
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: panels.map(({ testproblem, title: axisTitle, strips, rule }) => {
          const values = strips.flatMap((strip) => [...strip.values, ...(strip.centre === null ? [] : [strip.centre])]);
          const ends = strips.flatMap(({ low, high }) => [low, high].filter((end) => end !== null));
          const axis = numberAxis(values, { ends: [...ends, 0], scale: 'linear' });
          const panel = stripPanel(layout, {
            strips,
            axis,
            title: printable(axisTitle),
            rule,
            edge: 'right',
            heading: null,
          });
          return { ...(testproblem === undefined ? {} : { description: testproblem }), ...panel };
        }),
        columns: 1,
        legend: legendPanel(
          layout,
          [],
          [
            {
              mark: 'note',
              label: `circles: single runs; marker: mean${interval === null ? '' : `; line: ${interval}`}`,
            },
          ],
        ),
      }),
  };
}
