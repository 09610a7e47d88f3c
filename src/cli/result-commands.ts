import type { Command } from 'commander';
import { METRICS, type Metric } from '../results/metrics.js';
import type { TransferOptions } from './commands/transfer.js';
import { addComparisonOptions } from './comparison-options.js';
import { addExport } from './export-commands.js';
import { unknownCommand } from './house-command.js';
import { commaSeparated, metricName, nameList, oneOf } from './option-values.js';
import { COMPARE_FORMATS, type CompareCommandOptions } from './result-options.js';
import type { Terminal } from './terminal.js';

/** The commands that work on results: show, compare, validate, import, export. */
export function addResultCommands(program: Command, terminal: Terminal): void {
  addShow(program, terminal);
  addCompare(program, terminal);
  addValidate(program, terminal);
  addImport(program, terminal);
  addExport(program, terminal);
}

function addShow(program: Command, terminal: Terminal): void {
  program
    .command('show')
    .summary('print one run in full, or a list of runs')
    .description(
      'Prints one run in full: settings, status, curves as sparklines, and the quantities and events that its optimizer\n' +
        'logged. Several runs become a list, one line each.',
    )
    .argument('[results...]', 'a run file, or files and folders of them, DeepOBS folders too (results)')
    .option('--metric <name>', `curve to show in a list: ${METRICS.join(', ')}`, metricName('--metric'))
    .action(async (paths: string[], options: { metric?: Metric }) => {
      const { show } = await import('./commands/show.js');
      process.exitCode = await show(paths, options, terminal);
    });
}

function addCompare(program: Command, terminal: Terminal): void {
  const command = program
    .command('compare')
    .summary('compare the runs of optimizers with each other and with baselines')
    .description(
      'Compares optimizers, test problem by test problem: mean, spread and interval over seeds, time to target, and paired\n' +
        'differences to a reference. Shows the best setting of each optimizer unless told otherwise. Runs under different\n' +
        'conditions, versions of a file or labels are never mixed.',
    )
    .argument(
      '[results...]',
      'run files or folders of them, DeepOBS folders too; LABEL=FOLDER keeps the runs of a folder apart (results)',
    );
  addComparisonOptions(command)
    .option(
      '--details',
      'with --format json: add curves, single runs and all settings tried (the data behind the figures)',
    )
    .option(
      '--columns <name,name,...>',
      'only these columns: optimizer, from, setting, runs, mean, interval, best, target, speed, wall, cpu, difference, p; of csv its own names',
      nameList('--columns'),
    )
    .option(
      '--metrics <name,name,...>',
      'table, latex, markdown: mean and interval of each of these metrics, side by side',
      commaSeparated(metricName('--metrics')),
    )
    .option('--label <label>', 'latex: label of the table, for \\ref (tab:TESTPROBLEM)')
    .option(
      '--caption <latex>',
      'latex: caption in your own words, as LaTeX; what the usual one says follows as comments',
    )
    .option('--curves', 'add the mean curves to the table, as sparklines')
    .option('--format <name>', COMPARE_FORMATS.join(', '), oneOf('--format', COMPARE_FORMATS), 'table')
    .action(async (paths: string[], options: CompareCommandOptions) => {
      const { compare } = await import('./commands/compare.js');
      process.exitCode = await compare(paths, options, terminal);
    });
}

function addValidate(program: Command, terminal: Terminal): void {
  program
    .command('validate')
    .summary('check run files')
    .description(
      'Checks run files, imported runs and DeepOBS files: schema, list lengths, configuration hash, content digest, and\n' +
        'contradictions within a file. Prints one line per file; exit code 1 if one has a fault.',
    )
    .argument('[files...]', 'run files or folders of them (results)')
    .option('--json', 'print JSON')
    .option('--quiet', 'print only faults')
    .action(async (paths: string[], options: { json?: boolean; quiet?: boolean }) => {
      const { validate } = await import('./commands/validate.js');
      process.exitCode = await validate(paths, options, terminal);
    });
}

function addImport(program: Command, terminal: Terminal): void {
  const command = program
    .command('import')
    .summary('import results of DeepOBS')
    .description('Imports results of other programs.');
  command
    .command('deepobs')
    .summary("write run files from DeepOBS' results")
    .description(
      'Reads the files of DeepOBS (1.2.0-beta, develop, TensorFlow 1.1; bare NaN and Infinity) below a folder and writes\n' +
        'them as strict JSON, named by their folders. Values that DeepOBS filled in for aborted runs are removed, with a note.',
    )
    .argument('<dir>', 'folder with DeepOBS results')
    .option('--output-dir <dir>', 'folder to write to', 'results')
    .option('--json', 'print the files written, skipped and refused as JSON')
    .option('--verbose', 'print a line per file instead of a summary')
    .option('--quiet', 'print only faults')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: TransferOptions & { outputDir: string }) => {
      const { importDeepobs } = await import('./commands/import.js');
      process.exitCode = await importDeepobs(folder, options, terminal);
    });
  command.allowExcessArguments().action((_, self: Command) => {
    throw unknownCommand(self);
  });
}
