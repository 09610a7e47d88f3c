import { layoutTable } from '../report/layout.js';
import type { Screen } from './terminal.js';

/** A number whose decimals its column decides. */
const DECIMALS = /^-?\d+\.\d+(?:e[+-]\d+)?$/;

/**
 * Rows as text with aligned columns, two spaces apart; columns with numbers to the right. What is wider than the screen has
 * its longest texts in several lines.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  { width, heading = (text) => text }: Pick<Screen, 'width'> & Partial<Screen>,
): string {
  const columns = header.map((title, column) => {
    const isNumber = rows.some((row) => typeof row[column] === 'number' || DECIMALS.test(row[column] ?? ''));
    return { title, align: isNumber ? ('right' as const) : ('left' as const), dropOrder: null, wraps: false };
  });
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '-' : formatCell(cell))));
  const layout = layoutTable(columns, texts, width);
  return [heading(layout.header), ...layout.lines].join('\n');
}

function formatCell(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US', { maximumFractionDigits: 6 }) : cell;
}
