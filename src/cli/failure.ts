import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { type ExitCode, errorText, ProbprecError, type Stated } from '../errors.js';
import { asFlag } from '../words.js';
import type { Terminal } from './terminal.js';

/** Where the files of this program lie. */
const installation = `${resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')}${sep}`;

/** A wrong command line: names the option or argument, what was found and what was expected. */
export class UsageError extends ProbprecError {
  constructor(stated: Stated) {
    super('usage', stated);
  }
}

/**
 * Says in one line on stderr why a command failed and returns the exit code. Stacks are shown with --debug only; what is
 * neither a ProbprecError nor the system's or a user's doing is a defect of this program and says so.
 */
export function reportFailure(error: unknown, terminal: Terminal, debug: boolean): ExitCode {
  if (error instanceof CommanderError) return reportCommanderError(error, terminal);
  for (const line of describeFailure(error, debug)) terminal.line(line);
  return error instanceof ProbprecError ? error.exitCode : 1;
}

/** The line that says why, and with --debug codes and stacks. */
export function describeFailure(error: unknown, debug: boolean): string[] {
  const line = `probprec: ${oneLine(explain(error, debug))}`;
  return debug ? [line, ...stackLines(error)] : [line];
}

function explain(error: unknown, debug: boolean): string {
  const message = errorText(error, asFlag);
  if (error instanceof ProbprecError) return message;
  if (isOutOfMemory(error)) {
    return `not enough memory (${message}); a smaller --batch-size, fewer --jobs or a larger limit needs less`;
  }
  if (isSystemError(error)) return message;
  const place = foreignPlace(error);
  if (place !== null) return `${place}: ${message}`;
  return debug ? message : `${message} (a defect of probprec; --debug shows where it happened)`;
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|Invalid typed array length/.test(error.message);
}

/** A call that the system refused: a full disk, a missing permission, too many open files. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

/** `file:line` of an error that was thrown in a file that belongs to nobody we know: a user's module; else null. */
function foreignPlace(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = /^ +at (?:.*\()?(file:\/\/[^()]+|\/[^()]+):(\d+):\d+\)?$/m.exec(stack);
  if (frame === null) return null;
  const [, place = '', line] = frame;
  const file = place.startsWith('file:') ? fileURLToPath(place) : place;
  return file.startsWith(installation) || file.includes(`${sep}node_modules${sep}`) ? null : `${file}:${line}`;
}

/** Commander throws for --help and --version too; everything else it throws is a wrong command line. */
function reportCommanderError(error: CommanderError, terminal: Terminal): ExitCode {
  if (error.exitCode === 0) return 0;
  terminal.line(
    `probprec: ${oneLine(error.message.replace(/^error: /, '').replaceAll(/\s\(Did you mean (.*?)\?\)/g, ' (did you mean $1?)'))}`,
  );
  return 2;
}

function stackLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ProbprecError) lines.push(`code: ${current.code}`);
    lines.push(current.stack ?? current.message);
  }
  return lines;
}

function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, ' ');
}
