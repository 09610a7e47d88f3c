import type { Command } from 'commander';
import type { ExportDialect } from '../results/deepobs/export.js';
import type { TransferOptions } from './commands/transfer.js';
import { unknownCommand } from './house-command.js';
import { oneOf } from './option-values.js';
import type { Terminal } from './terminal.js';

const DIALECTS = ['original', 'deepobs-1.2-beta', 'deepobs-develop'] as const satisfies readonly ExportDialect[];

/** The command `export` with a command for each program. */
export function addExport(program: Command, terminal: Terminal): void {
  const command = program
    .command('export')
    .summary('export results to DeepOBS, or as CSV, Parquet or TensorBoard files')
    .description('Exports results to other programs.');
  command
    .command('deepobs')
    .summary("run files in DeepOBS' format")
    .description(
      "Writes run files in DeepOBS' format, folder names and numbers included, for DeepOBS' analyzer.\n" +
        'Diverged runs are filled up as DeepOBS does; interrupted and failed runs are skipped.',
    )
    .argument('<dir>', 'folder with run files')
    .requiredOption('--output-dir <dir>', 'folder to write to')
    .option(
      '--dialect <name>',
      'deepobs-1.2-beta (weight_decay), deepobs-develop (l2_reg), or original: imported files unchanged, own ones as 1.2-beta',
      oneOf('--dialect', DIALECTS),
      DIALECTS[0],
    )
    .option('--json', 'print the files written, skipped and refused as JSON')
    .option('--verbose', 'print a line per file instead of a summary')
    .option('--quiet', 'print only faults')
    .option('--debug', 'show error codes and stacks')
    .action(async (folder: string, options: TransferOptions & { outputDir: string; dialect: ExportDialect }) => {
      const { exportDeepobs } = await import('./commands/export.js');
      process.exitCode = await exportDeepobs(folder, options, terminal);
    });
  addData(command, terminal);
  command.allowExcessArguments().action((_, self: Command) => {
    throw unknownCommand(self);
  });
}

const FORMATS = {
  csv: {
    summary: 'runs, curves, quantities and settings as CSV',
    description:
      'Writes runs.csv, curves.csv, quantities.csv, events.csv and settings.csv: long form, every digit, for pandas, R and others.',
  },
  parquet: {
    summary: 'the same tables as Parquet files',
    description:
      'Writes runs.parquet, curves.parquet, quantities.parquet, events.parquet and settings.parquet: the tables of export csv with types.',
  },
  tensorboard: {
    summary: 'event files for TensorBoard',
    description:
      'Writes an event file for each run, in a folder of its own: curves, minibatch losses, the quantities that\nthe optimizer logged, and the hyperparameters.',
  },
} as const;

function addData(parent: Command, terminal: Terminal): void {
  for (const [format, { summary, description }] of Object.entries(FORMATS)) {
    parent
      .command(format)
      .summary(summary)
      .description(description)
      .argument('[results...]', 'run files or folders of them, DeepOBS folders too (results)')
      .requiredOption('-o, --output-dir <dir>', 'folder to write to')
      .option('--debug', 'show error codes and stacks')
      .action(async (paths: string[], options: { outputDir: string }) => {
        const { exportData } = await import('./commands/export-data.js');
        process.exitCode = await exportData(format as keyof typeof FORMATS, paths, options, terminal);
      });
  }
}
