import {
  type ComparedSetting,
  type Comparison,
  checkMetric,
  compare as compareRuns,
  groupSettings,
  isOfRuns,
  namesOf,
  runsWhere,
} from '../../analysis/index.js';
import type { ExitCode } from '../../errors.js';
import { didYouMean } from '../../names.js';
import { inNaturalOrder } from '../../natural-order.js';
import { printable } from '../../report/escape.js';
import {
  COLUMN_NAMES,
  CSV_COLUMN_NAMES,
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonLegend,
  comparisonMarkdown,
  comparisonText,
  type TableChoice,
  wrapText,
} from '../../report/index.js';
import type { Metric, RecordedRun } from '../../results/index.js';
import { UsageError } from '../failure.js';
import { quoted, readCondition } from '../option-values.js';
import type { CompareCommandOptions, ComparisonOptions } from '../result-options.js';
import type { Terminal } from '../terminal.js';
import { knownDefaults, readBaselines, readPlanRuns, readSources } from './compare-sources.js';
import { checkLatexNames } from './latex-names.js';

/** Prints the comparison of the runs in files and folders; returns 1 when a file could not be read or nothing was found. */
export async function compare(
  paths: readonly string[],
  options: CompareCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const curves = options.curves === true && options.format === 'table';
  checkColumns(options);
  checkLatexNames(options);
  const details = curves || options.metrics !== undefined || (options.details === true && options.format === 'json');
  const found = await readComparison(paths, options, terminal, { command: 'compare', details });
  if (found === null) return 1;
  print(found.comparison, options, terminal);
  if (curves) await printCurves(found.comparison, terminal);
  return found.faults.length > 0 ? 1 : 0;
}

/** A comparison, the runs that it is of, and what could not be read. */
export interface ReadComparison {
  readonly comparison: Comparison;
  readonly runs: readonly RecordedRun[];
  readonly faults: readonly string[];
}

/** The comparison of the runs in files and folders; null when there is nothing to compare, which is said. */
export async function readComparison(
  paths: readonly string[],
  options: ComparisonOptions & { readonly metrics?: readonly Metric[] },
  terminal: Terminal,
  { command, details }: { readonly command: string; readonly details: boolean },
): Promise<ReadComparison | null> {
  const targets = readTargets(options.target);
  const where = options.where.map((text) => readCondition('--where', text));
  if (options.plan !== undefined && paths.length > 0) {
    throw new UsageError({
      subject: '--plan',
      found: 'result folders as well',
      expected: 'one of the two (a plan names its own results folder)',
    });
  }
  const { runs, searched, faults, remarks } =
    options.plan === undefined
      ? await readSources(paths.length > 0 ? paths : ['results'])
      : await readPlanRuns(options.plan, options);
  for (const line of [...faults, ...remarks]) terminal.line(`probprec: ${line}`);
  if (runs.length === 0) {
    terminal.line(`probprec: ${command}: found no runs in ${searched.join(', ')}; probprec run makes one`);
    return null;
  }
  checkNames('--testproblems', options.testproblems, runs, ({ testproblem }) => testproblem);
  const baselines = await readBaselines(options.baselines);
  checkOptimizers(options.optimizers, runs, baselines);
  checkSettingNames(
    '--where',
    where.filter((condition) => !isOfRuns(condition)).map(([name]) => name),
    runs,
  );
  checkSettingNames('--group-by', options.groupBy ?? [], runs);
  const { metric, metrics = [], selectBy, reference, testproblems, optimizers } = options;
  checkMetric('--metric', metric, runs);
  checkMetric('--select-by', selectBy, runs);
  for (const shown of metrics) checkMetric('--metrics', shown, runs);
  const comparison = compareRuns(runsWhere(runs, where.filter(isOfRuns)), {
    targets,
    where: where.filter((condition) => !isOfRuns(condition)),
    mode: options.mode,
    allSettings: options.allSettings ?? false,
    groupBy: options.groupBy ?? [],
    details,
    wallTime: options.wallTime ?? false,
    allowMismatch: options.allowMismatch ?? false,
    defaults: await knownDefaults(runs.map(({ optimizer }) => optimizer)),
    ...(options.baselines === 'none' ? {} : { baselines }),
    ...(metric === undefined ? {} : { metric }),
    ...(selectBy === undefined ? {} : { selectionMetric: selectBy }),
    ...(reference === undefined ? {} : { reference }),
    ...(testproblems === undefined ? {} : { testproblems }),
    ...(optimizers === undefined ? {} : { optimizers }),
  });
  if (comparison.tables.length === 0) {
    terminal.line(
      `probprec: ${command}: no run in ${searched.join(', ')} is left by --where, --optimizers and --testproblems`,
    );
    return null;
  }
  if (reference !== undefined) checkReference(reference, comparison);
  return { comparison, runs, faults };
}

async function printCurves({ tables }: Comparison, terminal: Terminal): Promise<void> {
  const { curveText } = await import('../../report/terminal/curve-text.js');
  for (const table of tables) {
    const lines = curveText(table, terminal);
    const title = printable(`${table.testproblem} (${table.conditions})`);
    if (lines.length > 0) for (const line of wrapText(title, terminal.width)) terminal.result(terminal.heading(line));
    for (const line of lines) terminal.result(line);
  }
}

function print(comparison: Comparison, options: CompareCommandOptions, terminal: Terminal): void {
  const { columns, metrics, label, caption } = options;
  const choice: TableChoice = {
    ...(columns === undefined ? {} : { columns: columns as TableChoice['columns'] & {} }),
    ...(metrics === undefined ? {} : { metrics }),
  };
  switch (options.format) {
    case 'json':
      terminal.result(comparisonJson(comparison));
      return;
    case 'csv':
      terminal.result(comparisonCsv(comparison, columns));
      return;
    case 'latex':
      terminal.result(
        comparisonLatex(comparison, choice, {
          ...(label === undefined ? {} : { label }),
          ...(caption === undefined ? {} : { caption }),
        }),
      );
      return;
    case 'markdown':
      terminal.result(comparisonMarkdown(comparison, choice));
      return;
    case 'table':
      for (const line of comparisonText(comparison, terminal, choice)) terminal.result(line);
      for (const line of comparisonLegend(comparison, choice)) terminal.line(line);
  }
}

function checkColumns({ format, columns = [], metrics }: CompareCommandOptions): void {
  if (format === 'json' && columns.length > 0) {
    throw new UsageError({
      subject: '--columns',
      found: '--format json, which has everything',
      remedy: 'expected table, latex, markdown or csv',
    });
  }
  if (metrics !== undefined && (format === 'json' || format === 'csv')) {
    throw new UsageError({
      subject: '--metrics',
      found: `--format ${format}`,
      expected: 'table, latex or markdown (--format json --details has all metrics)',
    });
  }
  const known: readonly string[] = format === 'csv' ? CSV_COLUMN_NAMES : COLUMN_NAMES;
  const unknown = columns.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError({
      subject: '--columns',
      found: quoted(unknown),
      expected: `some of ${known.join(', ')}${didYouMean(unknown, [...known])}`,
    });
  }
}

/** `--target mnist_logreg=0.92`, repeated. */
function readTargets(texts: readonly string[]): Record<string, number> {
  const entries = texts.map((text): [string, number] => {
    const [, testproblem, value] = /^([^=]+)=(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
    const number = Number(value);
    if (testproblem !== undefined && Number.isFinite(number)) return [testproblem, number];
    throw new UsageError({ subject: '--target', found: quoted(text), expected: 'TESTPROBLEM=NUMBER' });
  });
  return Object.fromEntries(entries);
}

function checkNames(
  option: string,
  names: readonly string[] | undefined,
  runs: readonly RecordedRun[],
  of: (run: RecordedRun) => string,
): void {
  const known = [...new Set(runs.map(of))].sort(inNaturalOrder);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError({
      subject: option,
      found: quoted(unknown),
      expected: `some of ${known.join(', ')} (what the results have)`,
    });
  }
}

function checkSettingNames(option: string, names: readonly string[], runs: readonly RecordedRun[]): void {
  if (names.length === 0) return;
  const known = namesOf(groupSettings(runs));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError({
      subject: option,
      found: quoted(unknown),
      expected: `some of ${known.join(', ')}${didYouMean(unknown, known)}`,
    });
  }
}

function checkOptimizers(
  names: readonly string[] | undefined,
  runs: readonly RecordedRun[],
  baselines: readonly ComparedSetting[],
): void {
  const known = new Set([
    ...runs.map(({ optimizer }) => optimizer),
    ...baselines.map(({ setting }) => setting.optimizer),
  ]);
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const all = [...known].sort(inNaturalOrder).join(', ');
    throw new UsageError({
      subject: '--optimizers',
      found: quoted(unknown),
      expected: `some of ${all} (class names, as in the results)`,
    });
  }
}

/** A reference that stands in no table is a mistake; where only some tables lack it, their notes say so. */
function checkReference(wanted: string, { tables }: Comparison): void {
  if (tables.some(({ reference }) => reference !== null)) return;
  const rows = tables.flatMap(({ rows: own }) => own);
  const known = [...new Set(rows.flatMap(({ name, origin }) => (origin === 'results' ? [name] : [name, origin])))].sort(
    inNaturalOrder,
  );
  throw new UsageError({
    subject: '--reference',
    found: quoted(wanted),
    expected: `one of ${known.join(', ')}${didYouMean(wanted, known)}`,
  });
}
