import type { Command } from 'commander';
import type { RunFilesOptions } from './commands/run-files.js';
import { repeated } from './option-values.js';
import type { Terminal } from './terminal.js';

const WHERE: [string, string, typeof repeated, string[]] = [
  '--where <name=value>',
  'only runs with this value, for example tag=old, state=failed or lr=0.1; may be repeated',
  repeated,
  [],
];

/** The commands that remove and move the files of runs. */
export function addRunFilesCommands(program: Command, terminal: Terminal): void {
  program
    .command('rm')
    .summary('remove runs')
    .description(
      'Removes run files and what belongs to them: checkpoints and kept parameters. Lists them unless --yes is given.',
    )
    .argument('<results...>', 'run files or folders of them')
    .option(...WHERE)
    .option('--yes', 'remove them')
    .option('--quiet', 'print only the number of runs')
    .action(async (paths: string[], options: RunFilesOptions) => {
      const { removeRuns } = await import('./commands/run-files.js');
      process.exitCode = await removeRuns(paths, options, terminal);
    });
  program
    .command('archive')
    .summary('move runs into another folder')
    .description(
      'Moves run files and what belongs to them into another folder, under the same paths, where compare and show still read\n' +
        'them. Lists them unless --yes is given.',
    )
    .argument('<results...>', 'run files or folders of them')
    .requiredOption('--to <dir>', 'folder to move them to')
    .option(...WHERE)
    .option('--yes', 'move them')
    .option('--quiet', 'print only the number of runs')
    .action(async (paths: string[], options: RunFilesOptions & { to: string }) => {
      const { archiveRuns } = await import('./commands/run-files.js');
      process.exitCode = await archiveRuns(paths, options, terminal);
    });
}
