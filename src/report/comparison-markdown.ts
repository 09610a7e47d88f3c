import type { Comparison } from '../analysis/index.js';
import { comparisonColumns, type TableChoice, type TextTable } from './comparison-columns.js';
import { markdownText } from './escape.js';
import { profileLines } from './profile-lines.js';

/** Markdown: a heading, a table, and its notes and legend for each test problem. */
export function comparisonMarkdown({ tables, profiles }: Comparison, choice: TableChoice = {}): string {
  const blocks = tables.map((table) => markdownTable(comparisonColumns(table, choice)));
  const scores = profileLines(profiles);
  const list = scores.map((line) => `- ${markdownText(line)}`).join('\n');
  return [...blocks, ...(scores.length === 0 ? [] : [`### Performance profiles\n\n${list}`])].join('\n\n');
}

function markdownTable({ title, columns, rows, notes, legend, marked, marking, counts }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (text: string, row: number, column: number) =>
    marked.has(`${row}:${column}`) ? `**${markdownText(text)}**` : markdownText(text);
  return [
    `### ${markdownText(title)}`,
    '',
    line(columns.map((column) => markdownText(column.title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row, index) => line(row.map((text, column) => cell(text, index, column)))),
    '',
    ...[counts, ...(marking === null ? [] : [marking]), ...notes, ...legend].map((note) => `- ${markdownText(note)}`),
  ].join('\n');
}
