import { type Column, layoutTable, wrapText } from '../../report/layout.js';

/** Something that is listed: a row of short cells, and a sentence. */
interface Member {
  readonly cells: readonly string[];
  readonly description: string;
}

/** What stands below a heading. */
export interface Group {
  readonly title: string;
  readonly members: readonly Member[];
}

/** Columns of a listing with its descriptions below the rows; what is written to a file is no wider. */
const WIDTH = 80;
/** From so many columns on the description is a column of its own. */
const BESIDE = 130;
/** No wider than is good to read. */
const WIDEST = 180;

/** The columns in which a listing is shown on a terminal of so many. */
export function listingWidth(terminalWidth: number): number {
  return terminalWidth < WIDTH ? terminalWidth : terminalWidth < BESIDE ? WIDTH : Math.min(terminalWidth, WIDEST);
}

/**
 * Groups of rows in common columns, each below its heading: descriptions beside the rows where there is room for them, else
 * below. Columns that do not fit are left out, and the last line says which.
 */
export function groupedListing(
  columns: readonly Column[],
  groups: readonly Group[],
  width: number,
  heading: (text: string) => string,
): string[] {
  const beside = width >= BESIDE;
  const described: Column = { title: 'description', align: 'left', dropOrder: null, wraps: true };
  const shown = beside ? [...columns, described] : columns;
  const cellsOf = ({ cells, description }: Member) => (beside ? [...cells, description] : cells);
  const { header, rows, dropped } = layoutTable(
    shown,
    groups.flatMap(({ members }) => members.map(cellsOf)),
    width,
  );
  let row = 0;
  const lines = groups.flatMap(({ title, members }) => [
    ...['', ...wrapText(title, width).map(heading), header],
    ...members.flatMap(({ description }) => {
      const laid = rows[row] ?? [];
      row += 1;
      return beside ? laid : [...laid, ...wrapText(description, width, '    ')];
    }),
  ]);
  const note = `left out for want of room: ${dropped.join(', ')}; --json has everything`;
  return [...lines.slice(1), ...(dropped.length === 0 ? [] : ['', ...wrapText(note, width)])];
}
