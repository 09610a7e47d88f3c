import type { Command } from 'commander';
import { SCHEDULES } from '../schedule/settings.js';
import { commaSeparated, nonNegativeNumber, oneOf, wholeNumber } from './option-values.js';
import type { ScheduleOptions } from './options.js';

/** Options of every command that trains: which version of the test problem. */
export function addVersionOptions(command: Command): void {
  command
    .option(
      '--variant <name>',
      "pytorch or tf, where DeepOBS' two lines have different networks (pytorch)",
      oneOf('--variant', ['pytorch', 'tf']),
    )
    .option(
      '--init <name>',
      "deepobs: as DeepOBS initialises the network, or pytorch: as PyTorch's layers do by themselves (deepobs)",
      oneOf('--init', ['deepobs', 'pytorch']),
    );
}

/** Options of every command that plans or does runs: how long and how. */
export function addBudgetOptions(command: Command): void {
  command
    .option('--num-epochs <n>', "epochs (the test problem's own number)", wholeNumber('--num-epochs', 0))
    .option('--batch-size <n>', "batch size (the test problem's own)", wholeNumber('--batch-size', 1))
    .option('--l2-reg <x>', "factor of the L2 term (the test problem's own)", nonNegativeNumber('--l2-reg'))
    .option(
      '--lr-schedule-epochs <n,n,...>',
      'epochs from which on the learning rate is multiplied',
      commaSeparated(wholeNumber('--lr-schedule-epochs', 0)),
    )
    .option(
      '--lr-schedule-factors <x,x,...>',
      'the factors, relative to the base rate, one for each of these epochs',
      commaSeparated(nonNegativeNumber('--lr-schedule-factors')),
    );
  addScheduleOptions(command);
}

/** Options of a schedule by name; shares are of all steps of the training. */
function addScheduleOptions(command: Command): void {
  const number = (option: string, text: string) => command.option(`${option} <x>`, text, nonNegativeNumber(option));
  command.option(
    '--schedule <name>',
    `learning rate by step: ${SCHEDULES.join(', ')} (constant)`,
    oneOf('--schedule', SCHEDULES),
  );
  number('--warmup', 'share of the steps in which the learning rate rises (0; one-cycle 0.3, trapezoid 0.05)');
  number('--schedule-end', 'factor at the end (0; exponential 0.01, one-cycle 4e-6)');
  number('--schedule-start', 'factor at the start of one-cycle (0.04)');
  number('--schedule-power', 'power of polynomial (1, a straight line)');
  number('--schedule-decay', 'share of the steps in which trapezoid falls (0.2)');
  number('--schedule-factor', 'factor of each milestone of steps (0.1)');
  command.option(
    '--schedule-milestones <x,x,...>',
    'shares of the steps at which steps multiplies (0.5,0.75)',
    commaSeparated(nonNegativeNumber('--schedule-milestones')),
  );
}

/** What these options ask for, under the names of plans and run files. */
export function scheduleRequest(options: ScheduleOptions) {
  const stated = {
    schedule: options.schedule,
    warmup: options.warmup,
    schedule_end: options.scheduleEnd,
    schedule_start: options.scheduleStart,
    schedule_power: options.schedulePower,
    schedule_decay: options.scheduleDecay,
    schedule_factor: options.scheduleFactor,
    schedule_milestones: options.scheduleMilestones,
  };
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as typeof stated;
}

/** Options of every command that trains: which data. */
export function addDataOptions(command: Command): void {
  command
    .option(
      '--dataset <name|file>',
      "another data set than the test problem's (probprec list datasets), or a file ./mine.js",
    )
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option(
      '--data <kind>',
      'real, or synthetic: generated examples, no files needed (real)',
      oneOf('--data', ['real', 'synthetic']),
    )
    .option(
      '--synthetic-size <n>',
      'synthetic examples for training and validation (as many as the real ones)',
      wholeNumber('--synthetic-size', 1),
    );
}

/** Options of every command that trains: what it is computed with. */
export function addEngineOptions(command: Command): void {
  command
    .option('--engine <name>', 'engine (probprec list engines; auto)')
    .option('--device <name>', "device of the engine (the engine's default)")
    .option('--threads <n>', 'threads of the engine (all cores)', wholeNumber('--threads', 1));
}

/** Options of every command that plans or does runs: which protocol, and what is recorded. */
export function addProtocolOptions(command: Command): void {
  command
    .option(
      '--protocol <name>',
      'probprec, or deepobs-beta as DeepOBS 1.2.0-beta (probprec)',
      oneOf('--protocol', ['probprec', 'deepobs-beta']),
    )
    .option(
      '--train-log-interval <n>',
      'steps between recorded minibatch losses (10)',
      wholeNumber('--train-log-interval', 1),
    );
}
