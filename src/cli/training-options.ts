import type { Command } from 'commander';
import { SCHEDULES } from '../schedule/settings.js';
import { commaSeparated, nonNegativeNumber, oneOf, wholeNumber } from './option-values.js';
import type { ScheduleOptions } from './options.js';

/** Options of every command that trains: which version of the test problem. */
export function addVersionOptions(command: Command): void {
  command
    .option(
      '--variant <name>',
      "pytorch or tf, where DeepOBS' PyTorch and TensorFlow networks differ (pytorch)",
      oneOf('--variant', ['pytorch', 'tf']),
    )
    .option(
      '--init <name>',
      "initial weights as in DeepOBS, or PyTorch's defaults: deepobs, pytorch (deepobs)",
      oneOf('--init', ['deepobs', 'pytorch']),
    );
}

/** Options of every command that plans or does runs: how long and how. */
export function addBudgetOptions(command: Command): void {
  command
    .option('--num-epochs <n>', "number of epochs (the test problem's)", wholeNumber('--num-epochs', 0))
    .option('--batch-size <n>', "batch size (the test problem's)", wholeNumber('--batch-size', 1))
    .option('--l2-reg <x>', "factor of the L2 term (the test problem's)", nonNegativeNumber('--l2-reg'))
    .option(
      '--lr-schedule-epochs <n,n,...>',
      'epochs at which the learning rate changes',
      commaSeparated(wholeNumber('--lr-schedule-epochs', 0)),
    )
    .option(
      '--lr-schedule-factors <x,x,...>',
      'factor on the base learning rate from each of these epochs on',
      commaSeparated(nonNegativeNumber('--lr-schedule-factors')),
    );
  addScheduleOptions(command);
}

/** Options of a schedule by name; shares are of all steps of the training. */
function addScheduleOptions(command: Command): void {
  const number = (option: string, text: string) => command.option(`${option} <x>`, text, nonNegativeNumber(option));
  command.option(
    '--schedule <name>',
    `learning rate over the steps: ${SCHEDULES.join(', ')} (constant)`,
    oneOf('--schedule', SCHEDULES),
  );
  number('--warmup', 'fraction of the steps with a rising learning rate (0; one-cycle 0.3, trapezoid 0.05)');
  number('--schedule-end', 'factor on the learning rate at the end (0; exponential 0.01, one-cycle 4e-6)');
  number('--schedule-start', 'one-cycle: factor at the start (0.04)');
  number('--schedule-power', 'polynomial: power (1, a straight line)');
  number('--schedule-decay', 'trapezoid: fraction of the steps with a falling rate (0.2)');
  number('--schedule-factor', 'steps: factor at each milestone (0.1)');
  command.option(
    '--schedule-milestones <x,x,...>',
    'steps: milestones, as fractions of all steps (0.5,0.75)',
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
      "data set to use instead of the test problem's: a name (probprec list datasets) or a file ./mine.js",
    )
    .option('--data-dir <dir>', 'folder of the data sets ($PROBPREC_DATA_DIR, else data)')
    .option(
      '--data <kind>',
      'real, or synthetic: generated examples that need no files (real)',
      oneOf('--data', ['real', 'synthetic']),
    )
    .option(
      '--synthetic-size <n>',
      'number of synthetic examples for training and validation (as many as the real data has)',
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
      'probprec (default), or deepobs-beta: DeepOBS 1.2.0-beta, defects included',
      oneOf('--protocol', ['probprec', 'deepobs-beta']),
    )
    .option(
      '--train-log-interval <n>',
      'steps between recorded minibatch losses (10)',
      wholeNumber('--train-log-interval', 1),
    );
}
