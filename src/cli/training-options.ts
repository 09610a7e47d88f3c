import type { Command } from 'commander';
import { commaSeparated, nonNegativeNumber, oneOf, wholeNumber } from './option-values.js';

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
