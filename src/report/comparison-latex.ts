import type { Comparison } from '../analysis/index.js';
import { comparisonColumns, type TableChoice, type TextTable } from './comparison-columns.js';
import { latexText } from './escape.js';
import { profileLines } from './profile-lines.js';

/**
 * LaTeX: one booktabs table for each test problem. What a reader must know stands in the caption, so that it goes into the
 * paper with the table; the best means are bold.
 */
export function comparisonLatex({ tables, profiles }: Comparison, choice: TableChoice = {}): string {
  const names = new Map<string, number>();
  const blocks = tables.map((table) => {
    const count = (names.get(table.testproblem) ?? 0) + 1;
    names.set(table.testproblem, count);
    const label = `${table.testproblem.replaceAll(/[^A-Za-z0-9]+/g, '-')}${count === 1 ? '' : `-${count}`}`;
    return latexTable(comparisonColumns(table, choice), label);
  });
  const scores = profileLines(profiles).map((line) => `% ${latexText(line)}`);
  return [...blocks, ...(scores.length === 0 ? [] : [['% performance profiles', ...scores].join('\n')])].join('\n\n');
}

function latexTable(
  { title, columns, rows, notes, legend, marked, marking, counts }: TextTable,
  label: string,
): string {
  const line = (cells: readonly string[]) => `  ${cells.join(' & ')} \\\\`;
  const cell = (text: string, row: number, column: number) =>
    marked.has(`${row}:${column}`) ? `\\textbf{${latexText(text)}}` : latexText(text);
  const caption = [title, counts, ...(marking === null ? [] : [marking]), ...notes, ...legend].map(
    (text) => `${latexText(text.replace(/\.$/, ''))}.`,
  );
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${caption.join('\n  ')}}`,
    `\\label{tab:${label}}`,
    `\\begin{tabular}{${columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join('')}}`,
    '  \\toprule',
    line(columns.map((column) => latexText(column.title))),
    '  \\midrule',
    ...rows.map((row, index) => line(row.map((text, column) => cell(text, index, column)))),
    '  \\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n');
}
