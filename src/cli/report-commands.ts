import { type Command, Option } from 'commander';
import { SCALES } from '../experiment/experiment.js';
import { addComparisonOptions } from './comparison-options.js';
import type { ExperimentOptions } from './experiment-options.js';
import { UsageError } from './failure.js';
import { commaSeparated, metricName, nameList, oneOf, quoted, wholeNumber } from './option-values.js';
import { PLOT_KINDS, type PlotCommandOptions, type ReportCommandOptions } from './report-options.js';
import type { Terminal } from './terminal.js';

/** The commands that draw: plot and report. What they need is loaded when they are called. */
export function addReportCommands(program: Command, terminal: Terminal): void {
  addPlot(program, terminal);
  addReport(program, terminal);
  addExperiment(program, terminal);
}

function addPlot(program: Command, terminal: Terminal): void {
  const command = program
    .command('plot')
    .summary('draw a figure: learning curves, sensitivity, intervals, profiles, …')
    .description(
      "Draws one figure from the numbers that compare prints, at a paper's width.\n" +
        `Kinds: ${PLOT_KINDS.join(', ')}.`,
    )
    .argument('<kind>', 'which figure', oneOf('plot', PLOT_KINDS))
    .argument(
      '[results...]',
      'as in compare (results); runtime: also files of probprec runtime --json; spectral-density, scree, edge-of-stability, overlap, curvature-blocks, calibration: files of curvature --json',
    )
    .requiredOption(
      '-o, --output <file>',
      'figure.svg, .png, .pdf, .json (the Vega-Lite specification, to restyle) or .tex',
    )
    .option(
      '--format <name>',
      'svg, png, pdf, json, or tikz (pgfplots, its data in a CSV file beside it); without it the ending decides',
      oneOf('--format', ['svg', 'png', 'pdf', 'json', 'tikz'] as const),
    )
    .option('--data <file>', 'also write the data of the figure as CSV')
    .addOption(
      new Option('--width <width>', 'column (3.25in), page (6.5in), or a length in in, cm, mm or pt')
        .argParser(lengthInPoints)
        .default(468, 'page'),
    )
    .option('--font-size <pt>', 'size of all text, in points', wholeNumber('--font-size', 4), 8)
    .option('--dpi <n>', 'pixels per inch of a PNG', wholeNumber('--dpi', 30), 300)
    .option('--outlines', 'SVG: convert text to outlines, which need no fonts (always so in PDF)')
    .option(
      '--metrics <name,name,...>',
      'learning-curves, grid: one panel per metric',
      commaSeparated(metricName('--metrics')),
    )
    .option(
      '--over <axis>',
      'horizontal axis: epochs, steps, seconds, cpu-seconds, gradients (products and losses counted as gradients)',
      oneOf('--over', ['epochs', 'steps', 'seconds', 'cpu-seconds', 'gradients'] as const),
      'epochs',
    )
    .option('--centre <name>', 'mean or median', oneOf('--centre', ['mean', 'median'] as const), 'mean')
    .option(
      '--band <name>',
      'interval (95 %), quartiles, range, none',
      oneOf('--band', ['interval', 'quartiles', 'range', 'none'] as const),
      'interval',
    )
    .option('--seeds', 'learning-curves, grid: add single runs as thin lines')
    .option(
      '--scale <name>',
      'vertical axis: auto, log, linear',
      oneOf('--scale', ['auto', 'log', 'linear'] as const),
      'auto',
    )
    .option(
      '--x <hyperparameter>',
      'sensitivity, heatmap: hyperparameter of the horizontal axis (the one with most values)',
    )
    .option('--y <hyperparameter>', 'heatmap: hyperparameter of the vertical axis')
    .option('--quantities <name,name,...>', 'quantities: only these', nameList('--quantities'));
  addComparisonOptions(command).action(
    async (kind: (typeof PLOT_KINDS)[number], paths: string[], options: PlotCommandOptions) => {
      const { plot } = await import('./commands/plot.js');
      process.exitCode = await plot(kind, paths, options, terminal);
    },
  );
}

function addReport(program: Command, terminal: Terminal): void {
  const command = program
    .command('report')
    .summary('write an HTML page with results, figures, run times and failures')
    .description(
      'Writes one self-contained HTML file: settings, tables, figures, run times, diverged and failed runs, and the commands\n' +
        'that repeat them. Readable offline, without JavaScript, on paper and with a screen reader.',
    )
    .argument('[results...]', 'as for compare (results)')
    .requiredOption('-o, --output <file>', 'the page, for example report.html')
    .option('--title <text>', 'title of the page')
    .option('--no-interactive', 'leave out the chart library: no filters, no values on hover, 0.8 MB smaller');
  addComparisonOptions(command).action(async (paths: string[], options: ReportCommandOptions) => {
    const { report } = await import('./commands/report.js');
    process.exitCode = await report(paths, options, terminal);
  });
}

function addExperiment(program: Command, terminal: Terminal): void {
  program
    .command('experiment')
    .summary('repeat an experiment of the thesis and compare with its figures')
    .description(
      'Writes the plan of a published experiment and a page that shows our figures beside the published ones. --run first\n' +
        'executes the missing runs; repeat the command to resume. The plan also works with the sweep commands.',
    )
    .argument('<name>', 'preconditioning, runtime, initialization or lr-sensitivity')
    .option(
      '--scale <name>',
      'smoke (minutes, synthetic data), laptop (hours), paper (as published)',
      oneOf('--scale', SCALES),
      'laptop',
    )
    .option('-o, --output <dir>', 'folder for plan, results and page (experiments/<name>-<scale>)')
    .option('--run', 'execute the missing runs')
    .option('--jobs <n>', 'number of parallel runs', wholeNumber('--jobs', 1))
    .option('--threads <n>', 'threads per run', wholeNumber('--threads', 1))
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option('--overwrite', 'replace an existing plan and measure run times again')
    .option('--quiet', 'print no progress')
    .action(async (name: string, options: ExperimentOptions) => {
      const { experiment } = await import('./commands/experiment.js');
      process.exitCode = await experiment(name, options, terminal);
    });
}

const POINTS: Readonly<Record<string, number>> = { in: 72, cm: 72 / 2.54, mm: 72 / 25.4, pt: 1 };

/** `3.25in`, `column`, `page` in points. */
function lengthInPoints(text: string): number {
  if (text === 'column') return 3.25 * 72;
  if (text === 'page') return 6.5 * 72;
  const [, value, unit = ''] = /^(\d+\.?\d*|\.\d+)(in|cm|mm|pt)$/.exec(text) ?? [];
  const points = Number(value) * (POINTS[unit] ?? Number.NaN);
  if (points >= 72 && points <= 7200) return points;
  throw new UsageError({
    subject: '--width',
    found: quoted(text),
    expected: 'column, page or a length of at least 1in, for instance 3.25in or 82mm',
  });
}
