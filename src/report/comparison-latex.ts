import type { Comparison } from '../analysis/index.js';
import { comparisonColumns, type TableChoice, type TextTable } from './comparison-columns.js';
import { latexLineStart, latexText } from './escape.js';
import { profileLines } from './profile-lines.js';

/** What an author calls a table. */
export interface LatexNames {
  /** Of the table; of several tables it begins their labels. */
  readonly label?: string;
  /** LaTeX instead of the usual caption, which then stands above the table as comments. */
  readonly caption?: string;
}

/**
 * LaTeX: one booktabs table for each test problem. What a reader must know stands in the caption, so that it goes into the
 * paper with the table; the best means are bold.
 */
export function comparisonLatex(
  { tables, profiles }: Comparison,
  choice: TableChoice = {},
  { label, caption }: LatexNames = {},
): string {
  const names = new Map<string, number>();
  const blocks = tables.map((table) => {
    const count = (names.get(table.testproblem) ?? 0) + 1;
    names.set(table.testproblem, count);
    const own = `${table.testproblem.replaceAll(/[^A-Za-z0-9]+/g, '-')}${count === 1 ? '' : `-${count}`}`;
    const begun = label === undefined ? `tab:${own}` : tables.length === 1 ? label : `${label}-${own}`;
    return latexTable(comparisonColumns(table, choice), begun, caption);
  });
  const scores = profileLines(profiles).map((line) => `% ${latexText(line)}`);
  return [...blocks, ...(scores.length === 0 ? [] : [['% performance profiles', ...scores].join('\n')])].join('\n\n');
}

function latexTable(
  { title, columns, rows, notes, legend, marked, marking, counts }: TextTable,
  label: string,
  ownCaption: string | undefined,
): string {
  const line = (cells: readonly string[]) => `  ${cells.join(' & ')} \\\\`;
  const cell = (text: string, row: number, column: number) => {
    if (marked.has(`${row}:${column}`)) return `\\textbf{${latexText(text)}}`;
    return column === 0 ? latexLineStart(text) : latexText(text);
  };
  const caption = [title, counts, ...(marking === null ? [] : [marking]), ...notes, ...legend].map(
    (text) => `${latexText(text.replace(/\.$/, ''))}.`,
  );
  return [
    ...(ownCaption === undefined ? [] : caption.map((sentence) => `% ${sentence}`)),
    '\\begin{table}',
    '\\centering',
    `\\caption{${ownCaption ?? caption.join('\n  ')}}`,
    `\\label{${label}}`,
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
