import type { ComparisonTable } from '../../analysis/index.js';
import { rowLabel } from '../../analysis/index.js';
import { printable } from '../escape.js';
import { wrapText } from '../layout.js';
import type { TextStyle } from './run-text.js';
import { isLogarithmic, rangeOf, sparkline } from './sparkline.js';

const LONGEST_LINE = 72;
const LEAST_LINE = 10;

/** The mean curves of a table's rows, one below the other and on one scale; empty where no row has details. */
export function curveText(table: ComparisonTable, { width, heading }: TextStyle): string[] {
  const curves = table.rows.flatMap((row) => {
    const points = row.detail?.curves[table.metric] ?? null;
    if (points === null || points.length === 0) return [];
    return [{ name: printable(rowLabel(row, table.rows)), values: points.map(({ mean }) => mean) }];
  });
  const range = rangeOf(curves.flatMap(({ values }) => values));
  if (range === null) return [];
  const longest = Math.max(...curves.map(({ name }) => [...name].length));
  const names = Math.min(longest, Math.max(8, width - LEAST_LINE - 12));
  const room = Math.max(LEAST_LINE, Math.min(LONGEST_LINE, width - names - 12));
  const number = (value: number) => String(Number(value.toPrecision(4)));
  const scale = `${number(range.low)} to ${number(range.high)}${isLogarithmic(range) ? ', logarithmic' : ''}`;
  return [
    ...wrapText(`mean ${table.metric.replace('_', ' ')} over epochs, ${scale}`, width).map(heading),
    ...curves.map(({ name, values }) => {
      const letters = [...name];
      const short = letters.length > names ? `${letters.slice(0, names - 1).join('')}…` : name;
      const last = values.findLast((value) => value !== null);
      const line = sparkline(values, room, range);
      return `${short}${' '.repeat(Math.max(0, names - [...short].length))}  ${line}  ${last === undefined || last === null ? '-' : number(last)}`;
    }),
    '',
  ];
}
