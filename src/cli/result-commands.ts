import type { Command } from 'commander';
import type { SelectionMode } from '../analysis/selection-mode.js';
import type { ExportDialect } from '../results/deepobs/export.js';
import { METRICS } from '../results/recorded-run.js';
import type { TransferOptions } from './commands/transfer.js';
import { commaSeparated, oneOf } from './option-values.js';
import { COMPARE_FORMATS, type CompareCommandOptions } from './result-options.js';
import type { Terminal } from './terminal.js';

const MODES = ['most', 'final', 'best'] as const satisfies readonly SelectionMode[];
const DIALECTS = ['original', 'deepobs-1.2-beta', 'deepobs-develop'] as const satisfies readonly ExportDialect[];

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
      'Compares the best settings of all optimizers, test problem by test problem: mean, spread and interval over seeds,\n' +
        'time to target, and paired differences to a reference. Runs under unlike conditions are never mixed.',
    )
    .argument('[results...]', 'run files or folders of them; DeepOBS folders too (results)')
    .option('--baselines <which>', 'bundled, published, none, or a folder of baseline or run files', 'bundled')
    .option('--metric <name>', `what to show: ${METRICS.join(', ')} (test_accuracies)`, oneOf('--metric', METRICS))
    .option('--select-by <name>', 'what settings are chosen by (valid_accuracies)', oneOf('--select-by', METRICS))
    .option(
      '--mode <name>',
      "DeepOBS' rule for the best setting: most runs, final or best value",
      oneOf('--mode', MODES),
      'most',
    )
    .option('--reference <optimizer>', 'what differences and relative times refer to (SGD, else the first)')
    .option(
      '--target <testproblem=value>',
      'accuracy to reach, or loss where there is none, instead of the published one; may be repeated',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option('--testproblems <name,name,...>', 'only these, in this order', commaSeparated(words))
    .option('--optimizers <name,name,...>', 'only these class names, in this order', commaSeparated(words))
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
        'them as strict JSON under the names of their folders; the filling of aborted runs is taken out and noted.',
    )
    .argument('<dir>', 'folder with the results of DeepOBS')
    .option('--output-dir <dir>', 'where to write', 'results')
    .option('--json', 'what was written, skipped and at fault as JSON')
    .option('--verbose', 'a line for each file instead of a summary')
    .option('--quiet', 'faults only')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: TransferOptions & { outputDir: string }) => {
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
      'deepobs-1.2-beta (weight_decay) or deepobs-develop (l2_reg); original: imported files as they were, own ones as 1.2-beta',
      oneOf('--dialect', DIALECTS),
      DIALECTS[0],
    )
    .option('--json', 'what was written, skipped and at fault as JSON')
    .option('--verbose', 'a line for each file instead of a summary')
    .option('--quiet', 'faults only')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: TransferOptions & { outputDir: string; dialect: ExportDialect }) => {
      const { exportDeepobs } = await import('./commands/export.js');
      process.exitCode = await exportDeepobs(folder, options, terminal);
    });
  command.allowExcessArguments().action((_, self: Command) => {
    throw unknownCommand('export: ', self);
  });
}
