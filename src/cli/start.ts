import { reportFailure } from './failure.js';
import { guardProcess } from './last-resort.js';
import { createProgram } from './program.js';
import { createTerminal } from './terminal.js';

/**
 * Runs the command of this process's arguments; its exit code becomes the process's. Nothing to wait for: at a top-level await
 * that never ends Node would end with code 13 and a word about that.
 */
export function start(): void {
  const debug = process.argv.includes('--debug');
  const done = guardProcess(debug);
  const terminal = createTerminal(process);
  createProgram(terminal)
    .parseAsync(process.argv)
    .catch((error: unknown) => {
      process.exitCode = reportFailure(error, terminal, debug);
    })
    .finally(done);
}
