import type { Command } from 'commander';
import { SELECTION_MODES } from '../analysis/selection-mode.js';
import type { Condition } from '../condition.js';
import { METRICS } from '../results/metrics.js';
import { readSeeds, seedTwice } from '../seeds.js';
import { UsageError } from './failure.js';
import { unknownCommand } from './house-command.js';
import {
  metricName,
  nameList,
  nonNegativeNumber,
  oneOf,
  readCondition,
  repeated,
  wholeNumber,
} from './option-values.js';
import {
  COMMAND_FORMATS,
  type SweepBestOptions,
  type SweepCommandsOptions,
  type SweepPlanOptions,
  type SweepRerunOptions,
  type SweepRunOptions,
  type SweepStatusOptions,
} from './sweep-options.js';
import type { Terminal } from './terminal.js';
import { addRunOptions } from './training-options.js';

const USER_CODE = [
  '--allow-user-code',
  'load optimizer files that the plan names, and engines from the working directory',
] as const;
const ONLY: [string, string, (text: string, before: Condition[]) => Condition[], Condition[]] = [
  '--only <name=value>',
  'only these runs, for example optimizer=sgd,adam, seed=42-44, lr=0.1 or state=failed; may be repeated',
  (text, before) => [...before, readCondition('--only', text)],
  [],
];
const DEBUG = ['--debug', 'show error codes and stacks'] as const;

/** The commands of a sweep: plan, commands, run, status, best, rerun-best. */
export function addSweepCommands(program: Command, terminal: Terminal): void {
  const sweep = program
    .command('sweep')
    .summary('plan many runs, execute the missing ones, choose the best setting')
    .description(
      'Plans a set of runs (grid or random search over hyperparameters, seeds), executes the missing ones on this machine,\n' +
        'with GNU parallel, Slurm or Kubernetes, and chooses the best setting.',
    );
  addPlan(sweep, terminal);
  addCommands(sweep, terminal);
  addRun(sweep, terminal);
  addStatus(sweep, terminal);
  addBest(sweep, terminal);
  addRerunBest(sweep, terminal);
  for (const command of sweep.commands) {
    // `sweep plan` loads what the user names on its own command line.
    if (command.name() !== 'plan') command.option(...USER_CODE);
    command.option(...DEBUG);
  }
  sweep.allowExcessArguments().action((_, command: Command) => {
    throw unknownCommand(command);
  });
}

function addPlan(sweep: Command, terminal: Terminal): void {
  const command = sweep
    .command('plan')
    .summary('write a plan file')
    .description(
      'Writes a plan: a set of runs in a stable order, as a YAML file to read, edit and keep.\n' +
        'Give fixed hyperparameters as in run (--momentum 0.9). --grid momentum.lr=... searches the optimizer momentum only.',
    )
    .usage('--testproblem NAME,... --optimizer NAME,... [--grid NAME=VALUES ...] [options]')
    .allowUnknownOption()
    .allowExcessArguments()
    .option(
      '--testproblem <name|file...>',
      'test problems (probprec list testproblems), separated by commas or blanks',
      nameList('--testproblem'),
    )
    .option(
      '--optimizer <name|file...>',
      'optimizers (probprec list optimizers), or files ./mine.js; separated by commas or blanks',
      nameList('--optimizer'),
    )
    .option(
      '--grid <name=values>',
      'lr=log:1e-5:1e2:20, lr=lin:0:1:5, lr=0.1,0.2, lr=deepobs (its 20 learning rates); may be repeated',
      repeated,
    )
    .option(
      '--random <name=space>',
      'lr=loguniform:1e-5:1e2, uniform:0:1, integers:1:8, choice:a,b; may be repeated',
      repeated,
    )
    .option('--samples <n>', 'number of points to draw for --random', wholeNumber('--samples', 1))
    .option('--sampling-seed <n>', 'seed of the drawn points (0)', wholeNumber('--sampling-seed', 0))
    .option('--halton', 'draw the points from a Halton sequence instead of independently')
    .option(
      '--prune <rule>',
      'stop weak settings early: halving or median (key pruning of the plan; docs/sweeps.md)',
      oneOf('--prune', ['halving', 'median'] as const),
    )
    .option('--seeds <list>', 'seeds of the runs: 42, 42-51 or 42,45-47', seedList('--seeds'), [42]);
  addRunOptions(command, ['version', 'budget', 'dataset', 'data folder', 'data', 'output folder']);
  command.option(
    '--keep-checkpoint',
    'every run keeps the checkpoint of its last epoch, for a plan with more --num-epochs',
  );
  addRunOptions(command, ['engine', 'threads', 'protocol']);
  command
    .option('--jobs <n>', 'default number of parallel runs, stored in the plan', wholeNumber('--jobs', 1))
    .option('--name <name>', "name of the plan (the file's name)")
    .option('-o, --output <file>', 'the plan file', 'plan.yaml')
    .option('--overwrite', 'replace an existing plan file')
    .action(async (options: SweepPlanOptions, self: Command) => {
      const { sweepPlan } = await import('./commands/sweep-plan.js');
      const ownOptions = self.options.flatMap((option) => (option.long ? [option.long] : []));
      await sweepPlan(options, self.args, ownOptions, terminal);
    });
}

function addCommands(sweep: Command, terminal: Terminal): void {
  sweep
    .command('commands')
    .summary('write the runs as shell commands, for GNU parallel, Slurm or Kubernetes')
    .description(
      'Writes one self-contained, quoted command per run. lines and parallel: one file per optimizer and test\n' +
        'problem, jobs_<optimizer>_<grid|random>_search_<test problem>.txt; slurm: array scripts for sbatch; kubernetes: the\nmanifest of an Indexed Job.',
    )
    .argument('<plan>', 'plan file')
    .option('--format <name>', COMMAND_FORMATS.join(', '), oneOf('--format', COMMAND_FORMATS), 'lines')
    .option('-o, --output <file>', 'one file for all runs, or - for stdout; slurm: the folder (slurm-<plan>)')
    .option('--program <words>', 'command that starts probprec (this installation)')
    .option(
      '--epoch-seconds <x>',
      'slurm: seconds of the longest epoch (measured from the run files of the plan, else 300)',
      nonNegativeNumber('--epoch-seconds'),
    )
    .option(
      '--signal-seconds <n>',
      'slurm: stop and requeue a task this many seconds before its time limit; kubernetes: grace period of a pod',
      wholeNumber('--signal-seconds', 1),
      60,
    )
    .option(
      '--max-restarts <n>',
      'slurm: how often to requeue a task that ran out of time; kubernetes: how often to repeat one that failed',
      wholeNumber('--max-restarts', 0),
      3,
    )
    .option(
      '--rerun-seeds <list>',
      'slurm: after these runs, run the best settings with these seeds (sweep rerun-best), then the report',
      seedList('--rerun-seeds'),
    )
    .option('--missing', 'leave out the runs that are done')
    .option(...ONLY)
    .option('--overwrite', 'replace existing files')
    .action(async (plan: string, options: SweepCommandsOptions) => {
      const { sweepCommands } = await import('./commands/sweep-commands.js');
      await sweepCommands(plan, options, terminal);
    });
}

function addRun(sweep: Command, terminal: Terminal): void {
  sweep
    .command('run')
    .summary('execute missing, interrupted and failed runs')
    .description(
      'Executes the missing, interrupted and failed runs of a plan, each in its own process. Repeat the command to resume;\n' +
        'two processes started at once share the work.',
    )
    .argument('<plan>', 'plan file')
    .option('--jobs <n>', "number of parallel runs (the plan's, else 1)", wholeNumber('--jobs', 1))
    .option('--no-resource-check', 'run even if memory or disk space looks too small')
    .option(
      '--threads <n>',
      "threads per run (the plan's, else all cores divided by jobs)",
      wholeNumber('--threads', 1),
    )
    .option(
      '--scratch <dir>',
      "first copy the data sets to this folder, on the machine's own disk, and read them there",
    )
    .option(
      '--index <n>',
      'execute only this run (counted from 0) in this process, for array jobs',
      wholeNumber('--index', 0),
    )
    .option(...ONLY)
    .option('--dry-run', 'list the runs that would be executed, and execute none')
    .option('--no-keep-going', 'start no more runs after a failure')
    .option('--retry <n>', 'how often to try a failed run again', wholeNumber('--retry', 0), 0)
    .option('--json', 'print the outcome of every run as JSON')
    .option('--quiet', 'print only failures')
    .action(async (plan: string, options: SweepRunOptions) => {
      const { sweepRun } = await import('./commands/sweep-run.js');
      process.exitCode = await sweepRun(plan, options, terminal);
    });
}

function addStatus(sweep: Command, terminal: Terminal): void {
  sweep
    .command('status')
    .summary('show which runs are done, running, failed or missing')
    .description(
      'Shows which runs are done, running, queued in Slurm, interrupted, failed (and why) or missing. Exit code 1 if one failed.',
    )
    .argument('<plan>', 'plan file')
    .option('--all', 'list every setting and failure')
    .option(...ONLY)
    .option('--json', 'print every run as JSON')
    .option(
      '--watch [seconds]',
      'refresh every so many seconds (5) until nothing is left to do',
      wholeNumber('--watch', 1),
    )
    .action(async (plan: string, options: SweepStatusOptions) => {
      const { sweepStatus } = await import('./commands/sweep-status.js');
      process.exitCode = await sweepStatus(plan, options, terminal);
    });
}

/** Options of every command that ranks settings. */
function addRankingOptions(command: Command): Command {
  return command
    .option(
      '--metric <name>',
      `metric that ranks the settings: ${METRICS.join(', ')}, or another one that the loss reports, such as valid_NAME`,
      metricName('--metric'),
      'valid_accuracies',
    )
    .option(
      '--mode <name>',
      'final: last value; best: best value of the mean curve; most: most runs first, as DeepOBS after a rerun',
      oneOf('--mode', SELECTION_MODES),
      'final',
    );
}

function addBest(sweep: Command, terminal: Terminal): void {
  const command = sweep
    .command('best')
    .summary('rank the settings of each optimizer on each test problem')
    .description(
      'Ranks the settings of each optimizer on each test problem over the seeds that all ranked settings share. Settings\n' +
        'with a diverged run come last. Exit code 1 if an optimizer has no finished runs.',
    )
    .argument('<plan>', 'plan file');
  addRankingOptions(command)
    .option('--json', 'print the rankings as JSON')
    .action(async (plan: string, options: SweepBestOptions) => {
      const { sweepBest } = await import('./commands/sweep-best.js');
      process.exitCode = await sweepBest(plan, options, terminal);
    });
}

function addRerunBest(sweep: Command, terminal: Terminal): void {
  const command = sweep
    .command('rerun-best')
    .summary('plan more seeds for the best settings')
    .description(
      "Writes a plan with more seeds for the best setting of each optimizer on each test problem. DeepOBS' protocol tunes on\n" +
        'one seed and runs the winner on nine more.',
    )
    .argument('<plan>', 'plan file')
    .requiredOption('--seeds <list>', 'seeds of the new runs, for example 43-51', seedList('--seeds'));
  addRankingOptions(command)
    .option('-o, --output <file>', 'the new plan file (<plan>-best.yaml)')
    .option('--unfinished', 'choose even if runs of the plan are missing or failed')
    .option('--overwrite', 'replace an existing plan file')
    .action(async (plan: string, options: SweepRerunOptions) => {
      const { sweepRerunBest } = await import('./commands/sweep-rerun-best.js');
      await sweepRerunBest(plan, options, terminal);
    });
}

/** A parser for seeds, each once: `42`, `42-51`, `42,45-47`. */
function seedList(option: string): (text: string) => number[] {
  return (text) => {
    const seeds = readSeeds(text);
    if (typeof seeds === 'string') throw new UsageError({ subject: option, what: seeds });
    const twice = seedTwice(seeds);
    if (twice === undefined) return seeds;
    throw new UsageError({ subject: option, found: `${twice} twice`, expected: 'each seed once' });
  };
}
