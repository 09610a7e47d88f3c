import { type Comparison, type ComparisonTable, isAccuracy } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { metricTitle } from './axes.js';
import type { Figure, Spec } from './figure.js';
import { assemble, legendPanel, wrapToWidth } from './panels.js';
import { countText, seriesKey } from './series.js';

interface Cell {
  readonly optimizer: string;
  readonly problem: string;
  readonly metric: string;
  readonly mean: number | null;
  readonly n: number | null;
  readonly rank: number | null;
  readonly text: string;
}

/** Optimizers × test problems: mean and n in each cell, its rank among the optimizers as the shade; "not run" where nothing is. */
export function matrix({ tables }: Pick<Comparison, 'tables'>): Figure {
  const keys = [...new Set(tables.flatMap((table) => table.rows.map((row) => seriesKey(row, table))))];
  const columns = tables.map((table, index) => ({ table, label: columnLabel(table, index, tables) }));
  const cells = columns.flatMap(({ table, label }) => columnCells(table, label, keys));
  return {
    kind: 'matrix',
    title: 'Optimizers and test problems',
    description: `Mean final values: ${cells.map(({ optimizer, problem, text }) => `${optimizer} on ${problem}: ${text.replaceAll('\n', ', ')}`).join('; ')}.`,
    caption: tables.map(({ testproblem, metric, conditions }) =>
      printable(`${testproblem}: ${metricTitle(metric)}, ${conditions}`),
    ),
    records: cells.map(({ optimizer, problem, metric, mean, n, rank }) => ({
      testproblem: problem,
      metric,
      optimizer,
      mean,
      n,
      rank,
    })),
    columns: () => 1,
    draw: (layout) => {
      const { fontSize, measure, panelWidth } = layout;
      const name = (key: string) => wrapToWidth(key, layout.width * 0.35, fontSize, measure).join('\n');
      const column = (label: string) =>
        wrapToWidth(label, Math.max(fontSize * 4, panelWidth / columns.length - fontSize), fontSize, measure).join(
          '\n',
        );
      const names = keys.map(name);
      const lines = Math.max(2, ...names.map((text) => text.split('\n').length));
      const heads = Math.max(...columns.map(({ label }) => column(label).split('\n').length));
      const data = cells.map((cell) => ({ ...cell, y: name(cell.optimizer), x: column(cell.problem) }));
      const axis = {
        labelExpr: "split(datum.value, '\\n')",
        labelLimit: 0,
        ticks: false,
        domain: false,
        labelLineHeight: fontSize * 1.2,
      };
      const encoding = {
        x: {
          field: 'x',
          type: 'nominal',
          scale: { domain: columns.map(({ label }) => column(label)) },
          title: null,
          axis: {
            ...axis,
            orient: 'top',
            labelAngle: 0,
            // The first line stands at the top, the others below it.
            labelPadding: fontSize * (0.3 + 1.2 * (heads - 1)),
          },
        },
        y: { field: 'y', type: 'nominal', scale: { domain: names }, title: null, axis },
      };
      const panel: Spec = {
        width: panelWidth,
        height: { step: fontSize * (lines * 1.3 + 1) },
        data: { values: data },
        layer: [
          {
            transform: [{ filter: { field: 'rank', valid: true } }],
            mark: { type: 'rect' },
            encoding: {
              ...encoding,
              color: {
                field: 'rank',
                type: 'quantitative',
                scale: { domain: [1, Math.max(2, keys.length)], range: ['#5aa7d6', '#f4f2ec'] },
                legend: null,
              },
            },
          },
          {
            transform: [{ filter: { field: 'rank', valid: true } }],
            mark: { type: 'text', color: '#111111', lineBreak: '\n', lineHeight: fontSize * 1.25, dy: -fontSize * 0.6 },
            encoding: { ...encoding, text: { field: 'text' } },
          },
          {
            transform: [{ filter: { field: 'rank', valid: false } }],
            mark: { type: 'text', lineBreak: '\n', lineHeight: fontSize * 1.25, dy: -fontSize * 0.6 },
            encoding: { ...encoding, text: { field: 'text' } },
          },
        ],
      };
      return assemble(layout, {
        panels: [panel],
        columns: 1,
        legend: legendPanel(
          layout,
          [],
          [
            {
              mark: 'note',
              label: 'mean at the end; darker: better rank by the mean in this column, whatever the interval',
            },
          ],
        ),
      });
    },
  };
}

function columnLabel(table: ComparisonTable, index: number, tables: readonly ComparisonTable[]): string {
  const same = tables.filter(({ testproblem }) => testproblem === table.testproblem).length > 1;
  return printable(
    `${table.testproblem}${same ? ` (${index + 1}: ${table.conditions})` : ''} ${metricTitle(table.metric)}`,
  );
}

function columnCells(table: ComparisonTable, problem: string, keys: readonly string[]): Cell[] {
  const means = table.rows
    .flatMap(({ final }) => final.mean ?? [])
    .sort((left, right) => (isAccuracy(table.metric) ? right - left : left - right));
  return keys.map((optimizer): Cell => {
    const row = table.rows.find((own) => seriesKey(own, table) === optimizer);
    const about = { optimizer, problem, metric: table.metric };
    if (row === undefined) return { ...about, mean: null, n: null, rank: null, text: 'not run' };
    const { mean, n } = row.final;
    const value = mean === null ? 'no completed run' : String(Number(mean.toPrecision(4)));
    return {
      ...about,
      mean,
      n,
      rank: mean === null ? null : means.indexOf(mean) + 1,
      text: `${value}\n${countText([row])}`,
    };
  });
}
