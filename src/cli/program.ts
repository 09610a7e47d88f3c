import { type Command, CommanderError, Option } from 'commander';
import { suiteVersion } from '../results/version.js';
import { SHELLS } from './completion.js';
import { addCurvature } from './curvature-command.js';
import { UsageError } from './failure.js';
import { HouseCommand, unknownCommand, wrapped } from './house-command.js';
import { commaSeparated, nonNegativeNumber, oneOf, quoted, webAddress, wholeNumber } from './option-values.js';
import { LISTS, type ListOptions, type RunOptions, type RuntimeOptions } from './options.js';
import { addReportCommands } from './report-commands.js';
import { addResultCommands } from './result-commands.js';
import { logTarget } from './run-logs.js';
import { applyStandingOptions } from './standing-options.js';
import { addSweepCommands } from './sweep-commands.js';
import type { Terminal } from './terminal.js';
import {
  addBudgetOptions,
  addDataOptions,
  addEngineOptions,
  addProtocolOptions,
  addVersionOptions,
} from './training-options.js';

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
      `\n${wrapped('probprec <command> --help explains a command. Exit codes: 0 done, 1 some failed, 2 wrong usage, 128 + n interrupted by signal n.', width)}`,
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
  addDoctor(program, terminal);
  addCompletion(program, terminal);
  addHelp(program, terminal);
  for (const command of program.commands) command.option('--debug', 'show error codes and stacks');
  for (const command of [...program.commands, ...program.commands.flatMap((group) => group.commands)]) {
    if (command.commands.length > 0 || ['help', 'completion'].includes(command.name())) continue;
    command.option('--config <file>', 'YAML file with options that one always gives (docs/cli.md; $PROBPREC_CONFIG)');
  }
  program.hook('preAction', (_, command) => applyStandingOptions(command, process.env));
  return program;
}

function addRun(program: Command, terminal: Terminal): void {
  const subcommand = program
    .command('run')
    .summary('train one test problem with one optimizer and write one run file')
    .description(
      'Trains one test problem with one optimizer by the protocol and writes one run file.\n' +
        'The same command again goes on where an interrupted run stopped, or does nothing when the run is complete.',
    )
    .usage('--testproblem NAME --optimizer NAME [--<hyperparameter> VALUE ...] [options]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .option(
      '--testproblem <name|file>',
      'test problem (probprec list testproblems), or a file ./mine.js that defines one',
    )
    .option('--optimizer <name|file>', 'optimizer (probprec list optimizers), or a file ./mine.js that defines one')
    .option(
      '--seed <n>',
      'seed of the split, the initial weights, the order and the augmentation (42)',
      wholeNumber('--seed', 0),
    );
  addVersionOptions(subcommand);
  addBudgetOptions(subcommand);
  addDataOptions(subcommand);
  subcommand.option('--output-dir <dir>', 'where the run file goes', 'results');
  addEngineOptions(subcommand);
  addProtocolOptions(subcommand);
  subcommand
    .option('--resume', 'go on from a checkpoint of the same configuration', true)
    .option('--no-resume', 'start from the beginning, whatever is there')
    .option('--overwrite', 'run again although a completed run file is there')
    .option('--no-resource-check', 'go ahead although memory or disk space cannot be enough')
    .option(
      '--log <where>',
      'log while training: tensorboard:DIR, csv:FILE, jsonl:FILE, or - for JSON lines on stdout; may be repeated',
      logTarget,
    )
    .option(
      '--keep-parameters <when>',
      'epochs or end: keep the parameters beside the run file, for probprec curvature --run (docs/run-file.md)',
      oneOf('--keep-parameters', ['epochs', 'end'] as const),
    )
    .option(
      '--observe <what>',
      'measure along the training, for instance lambda_max=every:1epoch; commas separate several (docs/curvature.md)',
    )
    .option('--json', "the run file's path and a summary as JSON on stdout")
    .option('--quiet', 'no progress')
    .option('-h, --help', "show this help; with --optimizer also the optimizer's hyperparameters")
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

function addList(program: Command, terminal: Terminal): void {
  program
    .command('list')
    .summary('list test problems, optimizers, data sets, engines or baselines')
    .description('Lists what there is, with defaults.')
    .argument('[what]', LISTS.join(', '))
    .argument('[file...]', 'files of your own, to list with the others')
    .option('--format <name>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .option('--json', 'as --format json')
    .option('--conformance', "of testproblems: what is DeepOBS' and what is not, as docs/conformance.md has it")
    .action(async (what: string | undefined, files: string[], options: ListOptions) => {
      if (what === undefined) throw new UsageError(`list: missing argument; expected one of ${LISTS.join(', ')}`);
      const chosen = oneOf('list', LISTS)(what);
      if (options.conformance) {
        const { conformance } = await import('./commands/conformance.js');
        return conformance(chosen, files, options, terminal);
      }
      const { list } = await import('./commands/list.js');
      if (files.length > 0 && !['testproblems', 'optimizers', 'datasets'].includes(chosen)) {
        throw new UsageError(`list ${chosen}: found the argument ${quoted(files[0] ?? '')}, expected nothing more`);
      }
      await list(chosen, files, options.json === true || options.format === 'json', terminal);
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
    .summary('fetch, verify or describe the data sets')
    .description('Fetches, verifies or describes the data sets; without names all that have files.');
  const actions = [
    ['info', 'say which files are there'],
    ['verify', 'compare the files with the published checksums; exit code 1 when one is not verified'],
    ['fetch', 'download what is missing and check it'],
  ] as const;
  for (const [name, text] of actions) {
    const command = data
      .command(name)
      .description(text)
      .argument('[dataset...]', 'mnist, fmnist, cifar10, cifar100, svhn')
      .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
      .option('--debug', 'show error codes and stacks');
    if (name === 'fetch') {
      command
        .option('--quiet', 'no progress')
        .option(
          '--mirror <url>',
          'fetch from this address instead of the published ones; may be repeated',
          (url: string, before: string[] | undefined) => [...(before ?? []), webAddress('--mirror')(url)],
        );
    } else command.option('--json', 'as JSON');
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
    .summary('say what is wrong with files of your own')
    .description(
      'Tries optimizers, test problems and data sets of your own: contract, derivatives against differences, repetition,\n' +
        'going on after a stop. Says what is wrong, with file and line where there is one. Exit code 1 when something is.',
    )
    .argument('<file...>', 'files that define an optimizer, a test problem or a data set')
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option('--json', 'as JSON')
    .action(async (files: string[], options: { dataDir?: string; json?: boolean }) => {
      const { check } = await import('./commands/check.js');
      process.exitCode = await check(files, options, terminal);
    });
}

function addRuntime(program: Command, terminal: Terminal): void {
  const subcommand = program
    .command('runtime')
    .summary('compare the run times of optimizers with that of SGD')
    .description(
      'Compares wall and CPU time of optimizers with those of SGD on one test problem: runs in turn, no files are written.',
    )
    .option('--testproblem <name|file>', 'test problem', 'mnist_mlp')
    .option(
      '--optimizers <name,name,...>',
      "optimizers besides sgd (those of the thesis' experiment)",
      commaSeparated((name) => name),
    )
    .option(
      '--set <optimizer.name=value>',
      'a hyperparameter, for instance momentum.lr=0.1; may be repeated',
      (setting: string, before: string[]) => [...before, setting],
      [],
    )
    .option(
      '--lr <x>',
      'learning rate of the optimizers that need one and get none by --set',
      nonNegativeNumber('--lr'),
      0.01,
    )
    .option('--repeats <n>', 'runs of each optimizer', wholeNumber('--repeats', 1), 5)
    .option('--num-epochs <n>', 'epochs of each run', wholeNumber('--num-epochs', 1), 5)
    .option('--batch-size <n>', 'batch size', wholeNumber('--batch-size', 1), 128)
    .option('--seed <n>', 'seed of every run (42)', wholeNumber('--seed', 0));
  addVersionOptions(subcommand);
  addDataOptions(subcommand);
  addEngineOptions(subcommand);
  subcommand
    .option('--json', 'every time and ratio as JSON')
    .option('--quiet', 'no progress')
    .action(async (options: RuntimeOptions) => {
      const { runtime } = await import('./commands/runtime.js');
      process.exitCode = await runtime(options, terminal);
    });
}

function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('say what this machine offers')
    .description(
      'Says what this machine offers: Node, engines and devices, threads, data sets, disk; and what to do about the rest.',
    )
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option('--no-speed', 'do not measure how fast the engines are')
    .option('--json', 'as JSON')
    .action(async (options: { dataDir?: string; json?: boolean; speed?: boolean }) => {
      const { doctor } = await import('./commands/doctor.js');
      await doctor(options, terminal);
    });
}

function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('print a script that completes command lines in your shell')
    .description('Prints a script for bash, zsh or fish that completes commands, options and names (docs/cli.md).')
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
    .description('Shows the help of a command, for instance probprec help sweep plan.')
    .argument('[command...]')
    .action(async (names: string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((candidate) => candidate.name() === name);
        if (next === undefined) throw unknownCommand(command, name);
        command = next;
      }
      if (command.name() !== 'run') return command.outputHelp();
      await showRunHelp(command, undefined, terminal);
    });
}
