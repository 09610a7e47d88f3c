import { type Command, CommanderError, Option } from 'commander';
import { NOTE, TAG } from '../results/run-label.js';
import { suiteVersion } from '../results/version.js';
import { GROUPS } from '../run-options/option.js';
import { SHELLS } from './completion.js';
import { addCurvature } from './curvature-command.js';
import { UsageError } from './failure.js';
import { HouseCommand, unknownCommand, wrapped } from './house-command.js';
import {
  commaSeparated,
  nameList,
  nonNegativeNumber,
  oneOf,
  quoted,
  repeated,
  webAddress,
  wholeNumber,
} from './option-values.js';
import { LISTS, type ListOptions, type RunOptions, type RuntimeOptions } from './options.js';
import { addReportCommands } from './report-commands.js';
import { addResultCommands } from './result-commands.js';
import { addRunFilesCommands } from './run-files-commands.js';
import { logTarget } from './run-logs.js';
import { applyStandingOptions } from './standing-options.js';
import { addSweepCommands } from './sweep-commands.js';
import type { Terminal } from './terminal.js';
import { addRunOptions, TRAINING_GROUPS } from './training-options.js';

/** Help is as wide as the terminal, and no wider than is good to read. */
const WIDEST_HELP = 120;
const helpWidth = ({ width }: Terminal) => Math.min(WIDEST_HELP, width);

/** The command line: names, options and texts. What a command does is loaded when it is called. */
export function createProgram(terminal: Terminal): Command {
  const width = helpWidth(terminal);
  const program = new HouseCommand('probprec')
    .description('Benchmarks optimizers on deep-learning test problems by the DeepOBS protocol.')
    .version(suiteVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: (text) => terminal.result(text.replace(/\n+$/, '')) })
    .configureHelp({ helpWidth: width })
    .addOption(new Option('-v').hideHelp())
    .on('option:v', () => {
      terminal.result(suiteVersion());
      throw new CommanderError(0, 'commander.version', '');
    })
    .option('--debug', 'show error codes and stacks')
    .addHelpText(
      'after',
      `\n${wrapped('probprec help <command> explains a command. Exit codes: 0 success, 1 something failed, 2 wrong usage, 128 + n interrupted by signal n.', width)}`,
    )
    .allowExcessArguments()
    .action((_, command: Command) => {
      if (command.args.length > 0) throw unknownCommand(command);
      terminal.line(command.helpInformation().trimEnd());
      process.exitCode = 2;
    });
  addRun(program, terminal);
  addList(program, terminal);
  addData(program, terminal);
  addCheck(program, terminal);
  addRuntime(program, terminal);
  addCurvature(program, terminal);
  addSweepCommands(program, terminal);
  addResultCommands(program, terminal);
  addReportCommands(program, terminal);
  addRunFilesCommands(program, terminal);
  addDoctor(program, terminal);
  addCompletion(program, terminal);
  addHelp(program, terminal);
  for (const command of program.commands) command.option('--debug', 'show error codes and stacks');
  for (const command of [...program.commands, ...program.commands.flatMap((group) => group.commands)]) {
    if (command.commands.length > 0 || ['help', 'completion'].includes(command.name())) continue;
    command.option('--config <file>', 'YAML file with default options ($PROBPREC_CONFIG; docs/cli.md)');
  }
  program.hook('preAction', (_, command) => applyStandingOptions(command, process.env));
  return program;
}

function addRun(program: Command, terminal: Terminal): void {
  const subcommand = program
    .command('run')
    .summary('train one test problem with one optimizer and write one run file')
    .description(
      'Trains one test problem with one optimizer by the DeepOBS protocol and writes one run file.\n' +
        'Repeat the command to resume an interrupted run; it does nothing when the run is complete.',
    )
    .usage('--testproblem NAME --optimizer NAME [--<hyperparameter> VALUE ...] [options]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments();
  addRunOptions(subcommand, GROUPS, { log: logTarget, tag: commaSeparated(tag), note });
  subcommand
    .option('-h, --help', "show this help; with --optimizer, also the optimizer's hyperparameters")
    .action(async (options: RunOptions, command: Command) => {
      if (options.help) return showRunHelp(command, options.optimizer, terminal);
      const { run } = await import('./commands/run.js');
      const ownOptions = command.options.flatMap((option) => (option.long ? [option.long] : []));
      process.exitCode = await run(options, command.args, ownOptions, terminal);
    });
}

async function showRunHelp(run: Command, optimizer: string | undefined, terminal: Terminal): Promise<void> {
  const { runHelp } = await import('./commands/run-help.js');
  terminal.result(await runHelp(run.helpInformation().trimEnd(), optimizer, helpWidth(terminal)));
}

function tag(text: string): string {
  if (TAG.test(text)) return text;
  throw new UsageError({
    subject: '--tag',
    found: quoted(text),
    expected: 'at most 64 letters, digits, ".", "_" and "-"',
  });
}

function note(text: string): string {
  if (NOTE.test(text)) return text;
  throw new UsageError({ subject: '--note', found: quoted(text), expected: 'one line of at most 1,000 characters' });
}

function addList(program: Command, terminal: Terminal): void {
  program
    .command('list')
    .summary('list test problems, optimizers, data sets, engines, baselines or runs')
    .description('Lists test problems, optimizers, data sets, engines, baselines or runs.')
    .argument('[what]', LISTS.join(', '))
    .argument('[file...]', 'your own files, listed with the rest; runs: run files or folders of them (results)')
    .option(
      '--where <name=value>',
      'runs: only those with this value, for example tag=paper or state=failed; may be repeated',
      repeated,
      [],
    )
    .option('--format <name>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .option('--json', 'same as --format json')
    .option('--conformance', "testproblems: what is DeepOBS' and what is not, as docs/conformance.md has it")
    .action(async (what: string | undefined, files: string[], options: ListOptions) => {
      if (what === undefined)
        throw new UsageError({
          subject: 'list',
          what: 'missing argument',
          remedy: `expected one of ${LISTS.join(', ')}`,
        });
      const chosen = oneOf('list', LISTS)(what);
      const json = options.json === true || options.format === 'json';
      if (options.conformance) {
        const { conformance } = await import('./commands/conformance.js');
        return conformance(chosen, files, options, terminal);
      }
      if (chosen === 'runs') {
        const { listRuns } = await import('./commands/list-runs.js');
        process.exitCode = await listRuns(files, { where: options.where, json }, terminal);
        return;
      }
      if (options.where.length > 0)
        throw new UsageError({ subject: `list ${chosen}`, found: '--where, which is of list runs' });
      const { list } = await import('./commands/list.js');
      if (files.length > 0 && !['testproblems', 'optimizers', 'datasets'].includes(chosen)) {
        throw new UsageError({
          subject: `list ${chosen}`,
          found: `the argument ${quoted(files[0] ?? '')}`,
          expected: 'nothing more',
        });
      }
      await list(chosen, files, json, terminal);
    });
}

interface DataCommandOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly mirror?: string[];
}

function addData(program: Command, terminal: Terminal): void {
  const data = program
    .command('data')
    .summary('download, verify or describe data sets')
    .description('Downloads, verifies or describes data sets; all of them if none is named.');
  const actions = [
    ['info', 'show which files are present', 'Shows which files are present, and where to get the others.'],
    [
      'verify',
      'compare files with the published checksums',
      'Compares files with the published checksums. Exit code 1 if one does not match.',
    ],
    ['fetch', 'download missing files', 'Downloads missing files and checks them.'],
  ] as const;
  for (const [name, summary, description] of actions) {
    const command = data
      .command(name)
      .summary(summary)
      .description(description)
      .argument('[dataset...]', 'mnist, fmnist, cifar10, cifar100, svhn')
      .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
      .option('--debug', 'show error codes and stacks');
    if (name === 'fetch') {
      command
        .option('--quiet', 'print no progress')
        .option(
          '--mirror <url>',
          'download from this address instead of the published ones; may be repeated',
          (url: string, before: string[] | undefined) => [...(before ?? []), webAddress('--mirror')(url)],
        );
    } else command.option('--json', 'print JSON');
    command.action(async (names: string[], options: DataCommandOptions) => {
      const commands = await import('./commands/data.js');
      process.exitCode = await commands[name](names, options, terminal);
    });
  }
  data.allowExcessArguments().action((_, command: Command) => {
    throw unknownCommand(command);
  });
}

function addCheck(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .summary('test your own optimizer, test problem or data set file')
    .description(
      'Tests your own optimizer, test problem or data set: its contract, derivatives against finite differences, determinism\n' +
        'and resuming. Reports each fault with file and line. Exit code 1 if there is one.',
    )
    .argument('<file...>', 'files that define an optimizer, a test problem or a data set')
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option('--json', 'print JSON')
    .action(async (files: string[], options: { dataDir?: string; json?: boolean }) => {
      const { check } = await import('./commands/check.js');
      process.exitCode = await check(files, options, terminal);
    });
}

function addRuntime(program: Command, terminal: Terminal): void {
  const subcommand = program
    .command('runtime')
    .summary('compare the run times of optimizers with SGD')
    .description(
      'Compares the wall and CPU time of optimizers with SGD on one test problem. Runs take turns; no run files are written.',
    )
    .option('--testproblem <name|file>', 'test problem', 'mnist_mlp')
    .option(
      '--optimizers <name,name,...>',
      'optimizers to time besides sgd (those of the thesis)',
      nameList('--optimizers'),
    )
    .option(
      '--set <optimizer.name=value>',
      'a hyperparameter, for example momentum.lr=0.1; may be repeated',
      repeated,
      [],
    )
    .option(
      '--lr <x>',
      'learning rate of optimizers that need one and have none by --set',
      nonNegativeNumber('--lr'),
      0.01,
    )
    .option('--repeats <n>', 'runs of each optimizer', wholeNumber('--repeats', 1), 5)
    .option('--num-epochs <n>', 'epochs of each run', wholeNumber('--num-epochs', 1), 5)
    .option('--batch-size <n>', 'batch size', wholeNumber('--batch-size', 1), 128)
    .option('--seed <n>', 'seed of every run (42)', wholeNumber('--seed', 0));
  addRunOptions(subcommand, TRAINING_GROUPS);
  subcommand
    .option('--json', 'print every time and ratio as JSON')
    .option('--quiet', 'print no progress')
    .action(async (options: RuntimeOptions) => {
      const { runtime } = await import('./commands/runtime.js');
      process.exitCode = await runtime(options, terminal);
    });
}

function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('check this machine and suggest fixes')
    .description(
      'Checks this machine (Node, engines, devices, threads, data sets, disk) and says how to fix what is missing.',
    )
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option('--no-speed', 'skip the speed measurement of the engines')
    .option('--json', 'print JSON')
    .action(async (options: { dataDir?: string; json?: boolean; speed?: boolean }) => {
      const { doctor } = await import('./commands/doctor.js');
      await doctor(options, terminal);
    });
}

function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description('Prints a completion script for bash, zsh or fish: commands, options and names (docs/cli.md).')
    .argument('<shell>', SHELLS.join(', '))
    .action(async (shell: string) => {
      const chosen = oneOf('completion', SHELLS)(shell);
      const { completion } = await import('./commands/completion.js');
      completion(chosen, program, terminal);
    });
}

function addHelp(program: Command, terminal: Terminal): void {
  program
    .command('help')
    .summary('show the help of a command')
    .description('Shows the help of a command, for example probprec help sweep plan.')
    .argument('[command...]')
    .action(async (names: string[]) => {
      let command = program;
      for (const name of names) {
        // What follows a command without commands below it are its arguments: help list runs is help list.
        if (command !== program && command.commands.length === 0) break;
        const next = command.commands.find((candidate) => candidate.name() === name);
        if (next === undefined) throw unknownCommand(command, name);
        command = next;
      }
      if (command.name() !== 'run' || command.parent !== program) return command.outputHelp();
      await showRunHelp(command, undefined, terminal);
    });
}
