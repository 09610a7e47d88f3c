/** Rows as text with aligned columns, two spaces apart; numbers to the right, as in the type of the first row's cell. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  heading: (text: string) => string = (text) => text,
): string {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '-' : formatCell(cell))));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => (row[column] ?? '').length)),
  );
  const toTheRight = header.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        toTheRight[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [heading(line(header)), ...texts.map(line)].join('\n');
}

function formatCell(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US', { maximumFractionDigits: 6 }) : cell;
}
