import { CommanderError } from 'commander';
import { type ExitCode, ProbprecError } from '../errors.js';
import type { Terminal } from './terminal.js';

/** A wrong command line: names the option or argument, what was found and what was expected. */
export class UsageError extends ProbprecError {
  constructor(message: string) {
    super('usage', message);
  }
}

/**
 * Says in one line on stderr why a command failed and returns the exit code. Stacks are shown with --debug only; what is
 * no ProbprecError is a defect of this program and says so.
 */
export function reportFailure(error: unknown, terminal: Terminal, debug: boolean): ExitCode {
  if (error instanceof CommanderError) return reportCommanderError(error, terminal);
  const known = error instanceof ProbprecError;
  const message = error instanceof Error ? error.message : String(error);
  terminal.line(
    `probprec: ${oneLine(message)}${known || debug ? '' : ' (a defect of probprec; --debug shows where it happened)'}`,
  );
  if (debug) showStack(error, terminal);
  return known ? error.exitCode : 1;
}

/** Commander throws for --help and --version too; everything else it throws is a wrong command line. */
function reportCommanderError(error: CommanderError, terminal: Terminal): ExitCode {
  if (error.exitCode === 0) return 0;
  terminal.line(`probprec: ${oneLine(error.message.replace(/^error: /, ''))}; probprec --help lists what there is`);
  return 2;
}

function showStack(error: unknown, terminal: Terminal): void {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ProbprecError) terminal.line(`code: ${current.code}`);
    terminal.line(current.stack ?? current.message);
  }
}

function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, ' ');
}
