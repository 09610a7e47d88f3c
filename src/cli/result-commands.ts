import type { Command } from 'commander';
import type { SelectionMode } from '../analysis/selection-mode.js';
import type { ExportDialect } from '../results/deepobs/export.js';
import { METRICS } from '../results/recorded-run.js';
import { commaSeparated, oneOf } from './option-values.js';
import { COMPARE_FORMATS, type CompareCommandOptions } from './result-options.js';
import type { Terminal } from './terminal.js';

const MODES = ['most', 'final', 'best'] as const satisfies readonly SelectionMode[];
const DIALECTS = ['deepobs-1.2-beta', 'deepobs-develop'] as const satisfies readonly ExportDialect[];

type UnknownCommand = (where: string, parent: Command) => Error;

/** The commands that work on results: compare, validate, import, export. */
export function addResultCommands(program: Command, terminal: Terminal, unknownCommand: UnknownCommand): void {
  addCompare(program, terminal);
  addValidate(program, terminal);
  addImport(program, terminal, unknownCommand);
  addExport(program, terminal, unknownCommand);
}

function addCompare(program: Command, terminal: Terminal): void {
  const words = (text: string) => text;
  program
    .command('compare')
    .summary('compare the runs of optimizers with each other and with baselines')
    .description(
      'Compares optimizers, test problem by test problem: mean, spread and interval over seeds, time to target, and paired\n' +
        'differences to a reference. Shows the best setting of each optimizer unless told otherwise. Runs under unlike\n' +
        'conditions, of unlike versions of a file, or of unlike labels are never mixed.',
    )
    .argument(
      '[results...]',
      'run files or folders of them, DeepOBS folders too; LABEL=FOLDER keeps the runs of a folder apart (results)',
    )
    .option('--plan <file>', 'compare exactly the runs of this plan, one row for each of its optimizer entries')
    .option('--all-settings', 'show every setting, not only the best one of each optimizer')
    .option(
      '--group-by <name,name,...>',
      'show the best setting for each combination of these hyperparameters or conditions',
      commaSeparated((text) => text.replaceAll('-', '_')),
    )
    .option(
      '--where <name=value>',
      'only settings with this value, where they have such a hyperparameter or condition; may be repeated',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option('--baselines <which>', 'bundled, published, none, or a folder of baseline or run files', 'bundled')
    .option('--metric <name>', `metric to show: ${METRICS.join(', ')} (test_accuracies)`, oneOf('--metric', METRICS))
    .option(
      '--select-by <name>',
      'metric that selects the best setting (valid_accuracies)',
      oneOf('--select-by', METRICS),
    )
    .option(
      '--mode <name>',
      "DeepOBS' rule for the best setting: most runs, final or best value",
      oneOf('--mode', MODES),
      'most',
    )
    .option('--reference <optimizer>', 'optimizer, label or row to compare against (SGD, else the first)')
    .option(
      '--target <testproblem=value>',
      'accuracy to reach, or loss where there is none, instead of the published one; may be repeated',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option('--testproblems <name,name,...>', 'only these, in this order', commaSeparated(words))
    .option('--optimizers <name,name,...>', 'only these class names, in this order', commaSeparated(words))
    .option('--wall-time', 'show wall times even of runs that shared the machine with others')
    .option('--allow-mismatch', 'show baselines under other conditions too, marked')
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
        'that the statements of a file agree. One line for each file; exit code 1 when one has a fault.',
    )
    .argument('[files...]', 'run files or folders of them (results)')
    .option('--json', 'as JSON')
    .option('--quiet', 'faults only')
    .action(async (paths: string[], options: { json?: boolean; quiet?: boolean }) => {
      const { validate } = await import('./commands/validate.js');
      process.exitCode = await validate(paths, options, terminal);
    });
}

function addImport(program: Command, terminal: Terminal, unknownCommand: UnknownCommand): void {
  const command = program
    .command('import')
    .summary('import results of DeepOBS')
    .description('Imports results of other programs.');
  command
    .command('deepobs')
    .description(
      'Reads the files of DeepOBS (1.2.0-beta, develop, TensorFlow 1.1; bare NaN and Infinity) below a folder and writes\n' +
        'them as strict JSON; the filling of aborted runs is taken out and noted.',
    )
    .argument('<dir>', 'folder with the results of DeepOBS')
    .option('--output-dir <dir>', 'where to write', 'results')
    .option('--json', 'what was written, skipped and at fault as JSON')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: { outputDir: string; json?: boolean }) => {
      const { importDeepobs } = await import('./commands/import.js');
      process.exitCode = await importDeepobs(folder, options, terminal);
    });
  command.allowExcessArguments().action((_, self: Command) => {
    throw unknownCommand('import: ', self);
  });
}

function addExport(program: Command, terminal: Terminal, unknownCommand: UnknownCommand): void {
  const command = program
    .command('export')
    .summary('export results to DeepOBS')
    .description('Exports results to other programs.');
  command
    .command('deepobs')
    .description(
      "Writes run files as DeepOBS writes them, names and numbers included, so that DeepOBS' analyzer reads them.\n" +
        'A diverged run is filled as DeepOBS fills it; interrupted and failed runs are skipped.',
    )
    .argument('<dir>', 'folder with run files')
    .requiredOption('--output-dir <dir>', 'where to write')
    .option(
      '--dialect <name>',
      'deepobs-1.2-beta (weight_decay) or deepobs-develop (l2_reg)',
      oneOf('--dialect', DIALECTS),
      DIALECTS[0],
    )
    .option('--json', 'what was written, skipped and at fault as JSON')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: { outputDir: string; dialect: ExportDialect; json?: boolean }) => {
      const { exportDeepobs } = await import('./commands/export.js');
      process.exitCode = await exportDeepobs(folder, options, terminal);
    });
  command.allowExcessArguments().action((_, self: Command) => {
    throw unknownCommand('export: ', self);
  });
}
