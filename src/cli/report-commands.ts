import type { Command } from 'commander';
import { SCALES } from '../experiment/experiment.js';
import { addComparisonOptions } from './comparison-options.js';
import type { ExperimentOptions } from './experiment-options.js';
import { UsageError } from './failure.js';
import { commaSeparated, metricName, oneOf, quoted, wholeNumber } from './option-values.js';
import { PLOT_KINDS, type PlotCommandOptions, type ReportCommandOptions } from './report-options.js';
import type { Terminal } from './terminal.js';

/** The commands that draw: plot and report. What they need is loaded when they are called. */
export function addReportCommands(program: Command, terminal: Terminal): void {
  addPlot(program, terminal);
  addReport(program, terminal);
  addExperiment(program, terminal);
}

function addPlot(program: Command, terminal: Terminal): void {
  const words = (text: string) => text;
  const command = program
    .command('plot')
    .summary('draw a figure: learning curves, sensitivity, intervals, profiles, …')
    .description(
      'Draws one figure from the same numbers that compare prints, without a browser, at the width of a paper.\n' +
        `Kinds: ${PLOT_KINDS.join(', ')}.`,
    )
    .argument('<kind>', 'which figure', oneOf('plot', PLOT_KINDS))
    .argument(
      '[results...]',
      'as for compare (results); for runtime also a file of probprec runtime --json; spectral-density, scree, edge-of-stability, overlap: of curvature --json',
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
    .option('--data <file>', 'writes the data behind the figure as CSV, too')
    .option('--width <width>', 'column (3.25in), page (6.5in), or a length in in, cm, mm or pt', lengthInPoints, 468)
    .option('--font-size <pt>', 'size of all texts', wholeNumber('--font-size', 4), 8)
    .option('--dpi <n>', 'pixels per inch of a PNG', wholeNumber('--dpi', 30), 300)
    .option('--outlines', 'SVG: texts as outlines, independent of fonts (PDF always has outlines)')
    .option(
      '--metrics <name,name,...>',
      'learning-curves, grid: a panel for each of these',
      commaSeparated(metricName('--metrics')),
    )
    .option(
      '--over <axis>',
      'epochs, steps, seconds, cpu-seconds, gradients (counted gradients, products and losses, in gradients)',
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
    .option('--seeds', 'learning-curves, grid: single runs as thin lines')
    .option(
      '--scale <name>',
      'vertical axis: auto, log, linear',
      oneOf('--scale', ['auto', 'log', 'linear'] as const),
      'auto',
    )
    .option('--x <hyperparameter>', 'sensitivity, heatmap: horizontal axis (the one with most values)')
    .option('--y <hyperparameter>', 'heatmap: vertical axis')
    .option('--quantities <name,name,...>', 'quantities: only these', commaSeparated(words));
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
    .summary('write one page with results, figures, times, failures and how to repeat them')
    .description(
      'Writes one HTML file that needs no network and no other file: what was run, tables, figures, run times, runs that\n' +
        'diverged or failed, and the commands to repeat it. Readable without JavaScript, on paper and by screen readers.',
    )
    .argument('[results...]', 'as for compare (results)')
    .requiredOption('-o, --output <file>', 'the page, for instance report.html')
    .option('--title <text>', 'title of the page')
    .option('--no-interactive', 'without the chart library: no filters and no values on hover, 0.8 MB less');
  addComparisonOptions(command).action(async (paths: string[], options: ReportCommandOptions) => {
    const { report } = await import('./commands/report.js');
    process.exitCode = await report(paths, options, terminal);
  });
}

function addExperiment(program: Command, terminal: Terminal): void {
  program
    .command('experiment')
    .summary('repeat an experiment of the thesis, with its published figures beside')
    .description(
      'Writes the plan of a published experiment and a page that sets our figures beside the published ones; --run executes\n' +
        'what is missing of the plan first. The same command resumes; sweep status, run and commands take the plan, too.',
    )
    .argument('<name>', 'preconditioning, runtime, initialization or lr-sensitivity')
    .option(
      '--scale <name>',
      'smoke (minutes, synthetic data), laptop (hours), paper (as published)',
      oneOf('--scale', SCALES),
      'laptop',
    )
    .option('-o, --output <dir>', 'folder of plan, results and page (experiments/<name>-<scale>)')
    .option('--run', 'execute what is missing')
    .option('--jobs <n>', 'runs at the same time', wholeNumber('--jobs', 1))
    .option('--threads <n>', 'threads of each run', wholeNumber('--threads', 1))
    .option('--data-dir <dir>', 'where the data sets are (PROBPREC_DATA_DIR, else ./data)')
    .option('--overwrite', 'replace another plan there, and measure run times again')
    .option('--quiet', 'no progress')
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
  throw new UsageError(
    `--width: found ${quoted(text)}, expected column, page or a length of at least 1in, for instance 3.25in or 82mm`,
  );
}
