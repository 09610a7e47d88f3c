import { at } from '../expect.js';
/** A column of a table of texts. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Order in which columns are left out when a table is too wide, the smallest first; null for one that always stays. */
  readonly dropOrder: number | null;
  /** Whether long texts go on in further lines. */
  readonly wraps: boolean;
}

/** A table as lines of text, and the titles of the columns that did not fit. */
export interface Layout {
  readonly header: string;
  readonly lines: readonly string[];
  /** The same lines, row by row. */
  readonly rows: readonly (readonly string[])[];
  readonly dropped: readonly string[];
}

const GAP = 2;
const NARROWEST = 16;
/** What stands in a cell that has nothing; a paragraph does without. */
const NOTHING = '-';
/** Characters of a name that is broken over several lines at least. */
const NARROWEST_NAME = 8;

/**
 * Lays a table out in so many columns of a terminal. Titles such as valid_accuracies and texts are wrapped first, then columns are left out in their order, then names are broken, the longest first; numbers never are. Where not even that is enough, each row is a paragraph of its
 * own with the titles before the cells, and nothing is left out.
 */
export function layoutTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): Layout {
  const dropped: string[] = [];
  let kept = columns.map((_, index) => index);
  for (;;) {
    const widths = widthsOf(kept, columns, rows, width);
    const [next] = kept
      .filter((index) => columns[index]?.dropOrder !== null)
      .sort((left, right) => (columns[left]?.dropOrder ?? 0) - (columns[right]?.dropOrder ?? 0));
    if (totalOf(widths) <= width || next === undefined) {
      const shown = kept.map((index) => columns[index] as Column);
      const fitting = withBrokenNames(widths, shown, width);
      if (fitting === null) return asParagraphs(columns, rows, width);
      const laid = rows.map((row) =>
        rowLines(
          kept.map((index) => row[index] ?? ''),
          shown,
          fitting,
        ),
      );
      const titles = shown.map(({ title }, position) => titleLines(title, at(fitting, position)));
      const header = linesOf(titles, shown, fitting).join('\n');
      return { header, lines: laid.flat(), rows: laid, dropped };
    }
    dropped.push(columns[next]?.title ?? '');
    kept = kept.filter((index) => index !== next);
  }
}

/** Natural widths, with those of wrapping columns reduced as far as needed and possible. */
function widthsOf(
  kept: readonly number[],
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const natural = kept.map((index) =>
    Math.max(lengthOf(columns[index]?.title ?? ''), ...rows.map((row) => lengthOf(row[index] ?? ''))),
  );
  const excess = () => totalOf(natural) - width;
  for (const [position, index] of kept.entries()) {
    if (excess() <= 0) break;
    const parts = titleParts(columns[index]?.title ?? '').map(lengthOf);
    const least = Math.max(...parts, ...rows.map((row) => lengthOf(row[index] ?? '')));
    natural[position] = Math.max(Math.min(least, at(natural, position)), at(natural, position) - excess());
  }
  for (const [position, index] of kept.entries()) {
    const { wraps, title } = columns[index] as Column;
    if (!wraps || excess() <= 0) continue;
    const least = Math.max(NARROWEST, lengthOf(title));
    natural[position] = Math.max(Math.min(least, at(natural, position)), at(natural, position) - excess());
  }
  return natural;
}

/** Widths that fit: the widest columns of texts are made narrower, one character at a time; null where that is not enough. */
function withBrokenNames(widths: readonly number[], columns: readonly Column[], width: number): number[] | null {
  const fitting = [...widths];
  while (totalOf(fitting) > width) {
    const names = fitting.filter((own, index) => columns[index]?.align === 'left' && own > NARROWEST_NAME);
    if (names.length === 0) return null;
    const widest = fitting.findIndex((own, index) => columns[index]?.align === 'left' && own === Math.max(...names));
    fitting[widest] = at(fitting, widest) - 1;
  }
  return fitting;
}

/** Each row as lines of its own, as for a list of things; the heading is the title of what comes first. */
function asParagraphs(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): Layout {
  const laid = rows.map(([first = '', ...cells]) => {
    const texts = cells.flatMap((cell, index) => {
      const parts = [columns[index + 1]?.title ?? '', cell].filter((part) => part !== '');
      return cell === '' || cell === NOTHING ? [] : parts.join(' ');
    });
    return [...wrapText(first, width), ...wrapText(texts.join(', '), width, '  ')];
  });
  return { header: columns[0]?.title ?? '', lines: laid.flat(), rows: laid, dropped: [] };
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

function rowLines(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string[] {
  const wrapped = cells.map((cell, index) => {
    const room = at(widths, index);
    return columns[index]?.wraps || lengthOf(cell) > room ? wrapText(cell, room) : [cell];
  });
  return linesOf(wrapped, columns, widths);
}

/** A title as `valid_` and `accuracies`: it may be broken behind an underscore. */
function titleParts(title: string): string[] {
  return title.match(/[^_]*_|[^_]+/g) ?? [''];
}

function titleLines(title: string, room: number): string[] {
  const lines = [''];
  for (const part of titleParts(title)) {
    const line = lines.at(-1) ?? '';
    if (line === '' || lengthOf(line + part) <= room) lines[lines.length - 1] = line + part;
    else lines.push(part);
  }
  return lines.flatMap((line) => wrapText(line, room));
}

/** Cells of one or several lines, side by side. */
function linesOf(
  wrapped: readonly (readonly string[])[],
  columns: readonly Column[],
  widths: readonly number[],
): string[] {
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    lineOf(
      wrapped.map((lines) => lines[line] ?? ''),
      columns,
      widths,
    ),
  );
}

function lineOf(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => {
      const padding = ' '.repeat(Math.max(0, at(widths, index) - lengthOf(cell)));
      return columns[index]?.align === 'right' ? padding + cell : cell + padding;
    })
    .join(' '.repeat(GAP))
    .trimEnd();
}

/**
 * Lines of at most so many characters, broken at blanks; a longer word is cut. The first line begins with `indent`, the
 * others with `further`.
 */
export function wrapText(text: string, width: number, indent = '', further = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let empty = true;
  const next = () => {
    lines.push(line);
    line = further;
    empty = true;
  };
  for (const word of text.split(' ')) {
    let rest = word;
    if (!empty && lengthOf(line) + 1 + lengthOf(rest) > width) next();
    while (lengthOf(line) + lengthOf(rest) > width && empty) {
      const room = Math.max(1, width - lengthOf(line));
      line += [...rest].slice(0, room).join('');
      rest = [...rest].slice(room).join('');
      if (rest === '') break;
      next();
    }
    line += empty ? rest : ` ${rest}`;
    empty = false;
  }
  return [...lines, line];
}

/** Characters as a terminal shows them, as far as one each is right. */
function lengthOf(text: string): number {
  return [...text].length;
}
