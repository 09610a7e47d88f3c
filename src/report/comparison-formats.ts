import type { Comparison, ComparisonRow, ComparisonTable } from '../analysis/index.js';
import { comparisonColumns, LEGEND, type TextTable } from './comparison-columns.js';

/** Markdown: a heading, a table and the notes for each test problem. */
export function comparisonMarkdown({ tables, profiles }: Comparison): string {
  const blocks = tables.map(comparisonColumns).map(({ title, header, rows, notes }) => {
    const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    const lines = [`### ${title}`, '', line(header), line(header.map(() => '---')), ...rows.map(line)];
    return [...lines, ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : [])].join('\n');
  });
  const scores =
    profiles.length === 0
      ? []
      : [
          `### Performance profiles\n\n${profileLines(profiles)
            .map((line) => `- ${line}`)
            .join('\n')}`,
        ];
  return [...blocks, ...scores, LEGEND.map((line) => `*${line}*`).join('  \n')].join('\n\n');
}

/** LaTeX: one booktabs table for each test problem; the notes are comments. */
export function comparisonLatex({ tables }: Comparison): string {
  return tables.map(comparisonColumns).map(latexTable).join('\n\n');
}

/** A line for each optimizer: its performance score. */
export function profileLines(profiles: Comparison['profiles']): string[] {
  return [...profiles]
    .sort((left, right) => right.score - left.score)
    .map(
      ({ optimizer, score }) =>
        `${optimizer}: score ${score.toFixed(3)} (share of problems within τ of the fastest, mean over τ from 1 to 4)`,
    );
}

const CSV_COLUMNS: readonly (readonly [string, (row: ComparisonRow, table: ComparisonTable) => unknown])[] = [
  ['testproblem', (_, table) => table.testproblem],
  ['conditions', (_, table) => table.conditions],
  ['metric', (_, table) => table.metric],
  ['optimizer', (row) => row.optimizer],
  ['from', (row) => row.origin],
  ['engine', (row) => row.engine],
  ['setting', (row) => JSON.stringify({ ...row.hyperparameters, ...row.trainingParameters })],
  ['settings_tried', (row) => row.settingsTried],
  ['completed', (row) => row.counts?.completed],
  ['diverged', (row) => row.counts?.diverged],
  ['interrupted', (row) => row.counts?.interrupted],
  ['failed', (row) => row.counts?.failed],
  ['seeds', (row) => row.seeds.join(' ')],
  ['n', (row) => row.final.n],
  ['mean', (row) => row.final.mean],
  ['sample_std', (row) => row.final.sampleStd],
  ['population_std', (row) => row.final.populationStd],
  ['median', (row) => row.final.median],
  ['lower_quartile', (row) => row.final.lowerQuartile],
  ['upper_quartile', (row) => row.final.upperQuartile],
  ['interval_low', (row) => row.interval?.low],
  ['interval_high', (row) => row.interval?.high],
  ['interval_method', (row) => row.interval?.method],
  ['best', (row) => row.best?.value],
  ['best_epoch', (row) => row.best?.epoch],
  ['target', (row) => row.target?.target.value],
  ['target_reached', (row) => row.target?.reached],
  ['target_missed', (row) => row.target?.missed],
  ['target_unknown', (row) => row.target?.unknown],
  ['target_median_epoch', (row) => row.target?.medianEpoch],
  ['target_median_seconds', (row) => row.target?.medianSeconds],
  ['wall_seconds_per_epoch', (row) => row.wallSecondsPerEpoch],
  ['cpu_seconds_per_epoch', (row) => row.cpuSecondsPerEpoch],
  ['relative_wall', (row) => row.relativeWall],
  ['relative_cpu', (row) => row.relativeCpu],
  ['reference', (_, table) => table.reference],
  ['difference', (row) => row.difference?.mean],
  ['difference_low', (row) => row.difference?.interval?.low],
  ['difference_high', (row) => row.difference?.interval?.high],
  ['difference_seeds', (row) => row.difference?.seeds.join(' ')],
  ['p', (row) => row.difference?.pValue],
  ['p_smallest_possible', (row) => row.difference?.smallestPossible],
  ['p_holm', (row) => row.difference?.holmP],
  ['mismatches', (row) => row.mismatches.map(({ what }) => what).join('; ')],
];

/** CSV (RFC 4180) with every number in full; what is unknown is empty. */
export function comparisonCsv({ tables }: Comparison): string {
  const header = CSV_COLUMNS.map(([name]) => name).join(',');
  const lines = tables.flatMap((table) =>
    table.rows.map((row) => CSV_COLUMNS.map(([, value]) => csvCell(value(row, table))).join(',')),
  );
  return [header, ...lines].join('\n');
}

/** JSON with snake_case keys, all numbers and all notes. */
export function comparisonJson(comparison: Comparison): string {
  return JSON.stringify(snakeCase(comparison), null, 2);
}

function latexTable({ title, header, rows, notes }: TextTable): string {
  const line = (cells: readonly string[]) => `  ${cells.map(latexText).join(' & ')} \\\\`;
  return [
    ...notes.map((note) => `% ${note}`),
    '\\begin{table}',
    `\\caption{${latexText(title)}}`,
    `\\begin{tabular}{${'l'.repeat(header.length)}}`,
    '  \\toprule',
    line(header),
    '  \\midrule',
    ...rows.map(line),
    '  \\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '≠': '$\\neq$',
  '−': '$-$',
};

function latexText(text: string): string {
  return text.replace(/[\\~^±×≠−&%$#_{}]/gu, (letter) => LATEX[letter] ?? `\\${letter}`);
}

function csvCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The user's own names (hyperparameters, performance steps) stay as they are. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      key === 'hyperparameters' || key === 'trainingParameters' ? entry : snakeCase(entry),
    ]),
  );
}
