import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  baselineContenders,
  bundledBaselinesFolder,
  type Comparison,
  type Contender,
  compare as compareRuns,
  readBaselineFiles,
  runContenders,
} from '../../analysis/index.js';
import type { ExitCode } from '../../errors.js';
import {
  comparisonColumns,
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonMarkdown,
  LEGEND,
  profileLines,
} from '../../report/index.js';
import { findResultFiles, type RecordedRun, readResults } from '../../results/index.js';
import { UsageError } from '../failure.js';
import { quoted } from '../option-values.js';
import type { CompareCommandOptions } from '../result-options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';

/** Prints the comparison of the runs in files and folders; returns 1 when a file could not be read or nothing was found. */
export async function compare(
  paths: readonly string[],
  options: CompareCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const targets = readTargets(options.target);
  const searched = paths.length > 0 ? paths : ['results'];
  const { runs, faults, skipped, notes } = await readResults(searched);
  for (const line of [...faults, ...skipped, ...notes]) terminal.line(`probprec: ${line}`);
  if (runs.length === 0) {
    terminal.line(`probprec: compare: found no runs in ${searched.join(', ')}; probprec run makes one`);
    return 1;
  }
  checkNames('--testproblems', options.testproblems, runs, ({ testproblem }) => testproblem);
  const baselines = await readBaselines(options.baselines);
  checkOptimizers(options.optimizers, runs, baselines);
  const { metric, selectBy, reference, testproblems, optimizers } = options;
  const comparison = compareRuns(runs, {
    targets,
    mode: options.mode,
    ...(options.baselines === 'none' ? {} : { baselines }),
    ...(metric === undefined ? {} : { metric }),
    ...(selectBy === undefined ? {} : { selectionMetric: selectBy }),
    ...(reference === undefined ? {} : { reference }),
    ...(testproblems === undefined ? {} : { testproblems }),
    ...(optimizers === undefined ? {} : { optimizers }),
    ...(options.allowMismatch === undefined ? {} : { allowMismatch: options.allowMismatch }),
  });
  print(comparison, options.format, terminal);
  return faults.length > 0 ? 1 : 0;
}

function print(comparison: Comparison, format: CompareCommandOptions['format'], terminal: Terminal): void {
  switch (format) {
    case 'json':
      terminal.result(comparisonJson(comparison));
      return;
    case 'csv':
      terminal.result(comparisonCsv(comparison));
      break;
    case 'latex':
      terminal.result(comparisonLatex(comparison));
      return;
    case 'markdown':
      terminal.result(comparisonMarkdown(comparison));
      return;
    case 'table':
      printTables(comparison, terminal);
      return;
  }
  for (const { testproblem, notes } of comparison.tables) {
    for (const note of notes) terminal.line(`${testproblem}: ${note}`);
  }
}

function printTables({ tables, profiles }: Comparison, terminal: Terminal): void {
  for (const table of tables) {
    const { title, header, rows, notes } = comparisonColumns(table);
    terminal.result(terminal.heading(title));
    terminal.result(formatTable(header, rows, terminal.heading));
    for (const note of notes) terminal.result(`  ${note}`);
    terminal.result('');
  }
  if (profiles.length > 0) {
    terminal.result(terminal.heading('performance profiles by median epochs to target'));
    for (const line of profileLines(profiles)) terminal.result(`  ${line}`);
    terminal.result('');
  }
  for (const line of LEGEND) terminal.line(line);
}

/** `none`, `bundled`, `published`, or a folder with baseline files or with run files. */
async function readBaselines(where: string): Promise<Contender[]> {
  if (where === 'none') return [];
  const bundled = bundledBaselinesFolder();
  if (where === 'bundled') return (await readBaselineFiles(bundled)).flatMap(baselineContenders);
  if (where === 'published') return (await readBaselineFiles(join(bundled, 'published'))).flatMap(baselineContenders);
  const folder = await stat(where).catch(() => null);
  if (folder?.isDirectory() !== true) {
    throw new UsageError(`--baselines: found ${quoted(where)}, expected bundled, published, none or a folder`);
  }
  const files = await findResultFiles([where]);
  if (files.length === 0) return (await readBaselineFiles(where)).flatMap(baselineContenders);
  const { runs, faults } = await readResults(files);
  if (faults[0] !== undefined) throw new UsageError(`--baselines: ${faults[0]}`);
  return runContenders(runs, where);
}

/** `--target mnist_logreg=0.92`, repeated. */
function readTargets(texts: readonly string[]): Record<string, number> {
  const entries = texts.map((text): [string, number] => {
    const [, testproblem, value] = /^([^=]+)=(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
    const number = Number(value);
    if (testproblem !== undefined && Number.isFinite(number)) return [testproblem, number];
    throw new UsageError(`--target: found ${quoted(text)}, expected TESTPROBLEM=NUMBER`);
  });
  return Object.fromEntries(entries);
}

function checkNames(
  option: string,
  names: readonly string[] | undefined,
  runs: readonly RecordedRun[],
  of: (run: RecordedRun) => string,
): void {
  const known = [...new Set(runs.map(of))].sort();
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `${option}: found ${quoted(unknown)}, expected some of ${known.join(', ')} (what the results have)`,
    );
  }
}

function checkOptimizers(
  names: readonly string[] | undefined,
  runs: readonly RecordedRun[],
  baselines: readonly Contender[],
): void {
  const known = new Set([
    ...runs.map(({ optimizer }) => optimizer),
    ...baselines.map(({ setting }) => setting.optimizer),
  ]);
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const all = [...known].sort().join(', ');
    throw new UsageError(
      `--optimizers: found ${quoted(unknown)}, expected some of ${all} (class names, as in the results)`,
    );
  }
}
