import type { Comparison } from '../analysis/index.js';
import { comparisonColumns, type TextTable } from './comparison-columns.js';
import { markdownText } from './escape.js';
import { profileLines } from './profile-lines.js';

/** Markdown: a heading, a table, and its notes and legend for each test problem. */
export function comparisonMarkdown({ tables, profiles }: Comparison): string {
  const blocks = tables.map(comparisonColumns).map(markdownTable);
  const scores = profileLines(profiles);
  const list = scores.map((line) => `- ${markdownText(line)}`).join('\n');
  return [...blocks, ...(scores.length === 0 ? [] : [`### Performance profiles\n\n${list}`])].join('\n\n');
}

function markdownTable({ title, columns, rows, notes, legend, best, meanColumn }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (text: string, row: number, column: number) =>
    column === meanColumn && best.has(row) ? `**${markdownText(text)}**` : markdownText(text);
  return [
    `### ${markdownText(title)}`,
    '',
    line(columns.map((column) => markdownText(column.title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row, index) => line(row.map((text, column) => cell(text, index, column)))),
    '',
    ...[...notes, ...legend].map((note) => `- ${markdownText(note)}`),
  ].join('\n');
}
