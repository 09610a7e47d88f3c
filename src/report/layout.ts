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

/**
 * Lays a table out in so many columns of a terminal: first texts are wrapped, then columns left out. A table whose remaining
 * columns are too wide still is as wide as they are.
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
      const titles = shown.map(({ title }) => title);
      const laid = rows.map((row) =>
        rowLines(
          kept.map((index) => row[index] ?? ''),
          shown,
          widths,
        ),
      );
      return { header: lineOf(titles, shown, widths), lines: laid.flat(), rows: laid, dropped };
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
    const { wraps, title } = columns[index] as Column;
    if (!wraps || excess() <= 0) continue;
    const least = Math.max(NARROWEST, lengthOf(title));
    natural[position] = Math.max(Math.min(least, natural[position] ?? 0), (natural[position] ?? 0) - excess());
  }
  return natural;
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

function rowLines(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string[] {
  const wrapped = cells.map((cell, index) => (columns[index]?.wraps ? wrapText(cell, widths[index] ?? 1) : [cell]));
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
      const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - lengthOf(cell)));
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
