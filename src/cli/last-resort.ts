import { writeSync } from 'node:fs';
import { describeFailure } from './failure.js';
import { shown } from './terminal.js';

const NEVER_SETTLES =
  "probprec: the command ended before it was done: it waits for something that never comes (a promise that never settles, for instance in a user's optimizer file)";

/**
 * What is thrown where nobody can catch it (a timer or a late rejection of a user's module) ends the program with one line
 * and code 1, and so does an event loop that is empty before the command is done, where Node says nothing. Returns what to
 * call when the command is done.
 */
export function guardProcess(debug: boolean): () => void {
  let done = false;
  let asked = false;
  process.on('uncaughtException', (error) => {
    sayAtOnce(describeFailure(error, debug));
    process.exit(1);
  });
  process.on('beforeExit', () => {
    if (done) return;
    if (!asked) {
      // Whoever waits for a user's promise hears of the empty loop as well, and can say whose promise it is.
      asked = true;
      setImmediate(() => undefined);
      return;
    }
    done = true;
    sayAtOnce([NEVER_SETTLES]);
    process.exitCode = 1;
  });
  return () => {
    done = true;
  };
}

/** The program ends with this: there is no time for a stream. */
function sayAtOnce(lines: readonly string[]): void {
  try {
    writeSync(2, `${shown(lines.join('\n'))}\n`);
  } catch {
    // stderr is closed or full: there is nobody to tell.
  }
}
