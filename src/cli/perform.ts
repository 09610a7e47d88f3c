import { reportFailure } from './failure.js';
import { createProgram } from './program.js';
import type { Terminal } from './terminal.js';

/** Runs one command line (`process.argv`'s form); a failure is said on the terminal. The exit code becomes the process's. */
export async function perform(argv: readonly string[], terminal: Terminal): Promise<void> {
  try {
    await createProgram(terminal).parseAsync(argv);
  } catch (error) {
    process.exitCode = reportFailure(error, terminal, argv.includes('--debug'));
  }
}
