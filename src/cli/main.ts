#!/usr/bin/env node
import { reportFailure } from './failure.js';
import { guardProcess } from './last-resort.js';
import { createProgram } from './program.js';
import { createTerminal } from './terminal.js';

const debug = process.argv.includes('--debug');
const done = guardProcess(debug);
const terminal = createTerminal(process);
// Not awaited: a command that never ends would make Node end with code 13 and a word about a top-level await.
createProgram(terminal)
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.exitCode = reportFailure(error, terminal, debug);
  })
  .finally(done);
