import { constants } from 'node:os';
import { InterruptedError, type InterruptionCode, isInterruptionCode } from '../errors.js';
import type { Terminal } from './terminal.js';

/** What asks a command to stop: Ctrl-C, a lost terminal, a scheduler (SIGTERM, or SIGUSR1 before a time limit). */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const;

/** One of the signals that interrupt. */
export type InterruptionSignal = (typeof SIGNALS)[number];

/** npm and npx pass a Ctrl-C on that the program already got itself; two signals this close are one. */
const SAME_SIGNAL_MS = 500;

/** Commands that are interruptible at the moment. */
let listening = 0;

/**
 * From now on SIGUSR1 ends the process where nothing else is done about it, as it does in every other program; else Node opens
 * a debugger's port. The other signals do that by themselves.
 */
export function endAtUserSignal(): void {
  process.on('SIGUSR1', () => {
    if (listening === 0) process.exit(exitCodeOf('SIGUSR1'));
  });
}

/** A command that stops when it is asked to. */
export interface Interruption {
  /** Aborts at the first signal, with an InterruptedError that names it and has its exit code. */
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  release(): void;
}

/**
 * Turns the first signal into an abort, told by `message`, which gets its name; the second one does `now`, which by default ends
 * the program at once, with the exit code of that signal.
 */
export function interruptible(
  terminal: Terminal,
  message: (signal: InterruptionSignal) => string,
  now: (code: InterruptionCode) => void = (code) => process.exit(code),
): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  const listener = (name: InterruptionSignal) => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      terminal.line(message(name));
      controller.abort(new InterruptedError(`interrupted by ${name}`, { exitCode: exitCodeOf(name) }));
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
      now(exitCodeOf(name));
    }
  };
  listening += 1;
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    release: () => {
      listening -= 1;
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}

/** The exit code of a command that an aborted signal has ended. */
export function interruptionCode({ reason }: AbortSignal): InterruptionCode {
  const code = reason instanceof InterruptedError ? reason.exitCode : null;
  return isInterruptionCode(code) ? code : 130;
}

/** By the convention of shells: 128 and the signal's number. */
function exitCodeOf(name: InterruptionSignal): InterruptionCode {
  const code = 128 + constants.signals[name];
  return isInterruptionCode(code) ? code : 130;
}
