import type { Comparison } from '../analysis/index.js';
import { comparisonColumns, type TableChoice } from './comparison-columns.js';
import { printable } from './escape.js';
import { layoutTable, wrapText } from './layout.js';
import { profileLines } from './profile-lines.js';

/** A comparison as lines for a terminal of so many columns; headings are marked by `heading`. */
export function comparisonText(
  { tables, profiles }: Comparison,
  { width, heading }: { readonly width: number; readonly heading: (text: string) => string },
  choice: TableChoice = {},
): string[] {
  const lines = tables.flatMap((table) => {
    const { title, columns, rows, notes } = comparisonColumns(table, choice);
    const layout = layoutTable(
      columns.map((column) => ({ ...column, title: printable(column.title) })),
      rows.map((row) => row.map(printable)),
      width,
    );
    const hidden =
      layout.dropped.length === 0
        ? []
        : [`no room for ${layout.dropped.join(', ')} (a wider terminal or --format json)`];
    return [
      ...wrapText(printable(title), width).map(heading),
      heading(layout.header),
      ...layout.lines,
      ...[...notes, ...hidden].flatMap((note) => wrapText(printable(note), width, '  ', '    ')),
      '',
    ];
  });
  const scores = profileLines(profiles);
  if (scores.length === 0) return lines;
  return [
    ...lines,
    heading('performance profiles by median epochs to target'),
    ...scores.flatMap((line) => wrapText(printable(line), width, '  ', '    ')),
    '',
  ];
}

/** What the columns of these tables mean, each once. */
export function comparisonLegend({ tables }: Comparison, choice: TableChoice = {}): string[] {
  return [...new Set(tables.flatMap((table) => comparisonColumns(table, choice).legend))];
}
