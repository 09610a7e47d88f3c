import { guardProcess } from './last-resort.js';
import { perform } from './perform.js';
import { createTerminal } from './terminal.js';

/**
 * Runs the command of this process's arguments. Nothing to wait for: at a top-level await that never ends Node would end with
 * code 13 and a word about that.
 */
export function start(): void {
  const done = guardProcess(process.argv.includes('--debug'));
  perform(process.argv, createTerminal(process)).finally(done);
}
