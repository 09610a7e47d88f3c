#!/usr/bin/env node
import { reportFailure } from './failure.js';
import { createProgram } from './program.js';
import { createTerminal } from './terminal.js';

const terminal = createTerminal(process);
try {
  await createProgram(terminal).parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportFailure(error, terminal, process.argv.includes('--debug'));
}
