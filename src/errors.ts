import { asProperty, type Fault, faultText, type Naming } from './words.js';

/** Exit codes of the command line (docs/cli.md): 0 done, 1 some runs failed or a check found a fault, 2 bad usage, or interrupted. */
export type ExitCode = 0 | 1 | 2 | InterruptionCode;

/** 128 and the number of the signal: SIGHUP 129, SIGINT 130, SIGUSR1 138 (158 on macOS), SIGTERM 143. */
export type InterruptionCode = (typeof INTERRUPTION_CODES)[number];

const INTERRUPTION_CODES = [129, 130, 138, 143, 158] as const;

/** Whether this is the exit code of an interrupted command. */
export function isInterruptionCode(code: number | null): code is InterruptionCode {
  return INTERRUPTION_CODES.some((known) => known === code);
}

/** The closed vocabulary of error codes; `--debug` shows the code, scripts may rely on it. */
export type ErrorCode =
  | 'usage'
  | 'configuration'
  | 'data'
  | 'output'
  | 'file'
  | 'optimizer'
  | 'user-code'
  | 'engine'
  | 'shape'
  | 'interrupted'
  | 'held';

/** What is wrong: as data where it names options, which every surface calls by its own names; else in words. */
export type Stated = Fault | string;

/**
 * An error that a user can act on. Its message is one line: what was found, what was expected, what to do; options are called
 * as the library calls them, {@link errorText} has the line of another surface.
 * Everything else that is thrown is a defect of this project and shows its stack with `--debug`.
 */
export class ProbprecError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  /** Null where the message is all that is known. */
  readonly fault: Fault | null;

  constructor(code: ErrorCode, stated: Stated, options?: { readonly exitCode?: ExitCode; readonly cause?: unknown }) {
    super(
      typeof stated === 'string' ? stated : faultText(stated, asProperty),
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.exitCode = options?.exitCode ?? 2;
    this.fault = typeof stated === 'string' ? null : stated;
  }
}

/** The line of an error, or what stands for one, in the words of a surface. */
export function errorText(error: unknown, naming: Naming): string {
  if (error instanceof ProbprecError && error.fault !== null) return faultText(error.fault, naming);
  return error instanceof Error ? error.message : String(error);
}

/** A wrong command line or configuration value: names the option, what was found and what was expected. */
export class ConfigurationError extends ProbprecError {
  constructor(stated: Stated, options?: { readonly cause?: unknown }) {
    super('configuration', stated, options);
  }
}

/** A data set that is missing, unreadable, truncated or corrupt. Exit code 1 where nothing is wrong with the request (a full disk). */
export class DataError extends ProbprecError {
  constructor(stated: Stated, options?: { readonly exitCode?: ExitCode; readonly cause?: unknown }) {
    super('data', stated, options);
  }
}

/** A results or checkpoint folder that cannot be written. Exit code 1 where nothing is wrong with the request (a full disk). */
export class OutputError extends ProbprecError {
  constructor(stated: Stated, options?: { readonly exitCode?: ExitCode; readonly cause?: unknown }) {
    super('output', stated, options);
  }
}

/** A run that another process trains at the moment. Nothing is wrong with the request, so the exit code is 1. */
export class RunHeldError extends ProbprecError {
  constructor(stated: Stated) {
    super('held', stated, { exitCode: 1 });
  }
}

/** The user ended it, by a signal. Whoever receives it has told the user, so that it needs no line of its own. */
export class InterruptedError extends ProbprecError {
  constructor(message: string, options?: { readonly exitCode?: InterruptionCode; readonly cause?: unknown }) {
    super('interrupted', message, { exitCode: 130, ...options });
  }
}

/** The error of what the interruption stopped that aborted a signal, with a message of its own. */
export function interruptedBy({ reason }: AbortSignal, message: string): InterruptedError {
  const code = reason instanceof InterruptedError ? reason.exitCode : 130;
  return new InterruptedError(message, { exitCode: isInterruptionCode(code) ? code : 130, cause: reason });
}

/** A run file, checkpoint or user module whose content is not what it should be. */
export class FileError extends ProbprecError {
  constructor(stated: Stated, options?: { readonly cause?: unknown }) {
    super('file', stated, options);
  }
}

/** An error that the code of a user's file threw, or a value of its that cannot be used: file, line and part. */
export class UserCodeError extends ProbprecError {
  constructor(
    message: string,
    {
      code = 'user-code',
      cause,
    }: { readonly code?: Extract<ErrorCode, 'user-code' | 'optimizer'>; readonly cause?: unknown } = {},
  ) {
    super(code, message, { cause, exitCode: 1 });
  }
}

/** {@link UserCodeError} of a user's optimizer. */
export class OptimizerError extends UserCodeError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, { ...options, code: 'optimizer' });
  }
}

/** An engine or device that is not available, or that failed. */
export class EngineError extends ProbprecError {
  constructor(stated: Stated, options?: { readonly cause?: unknown }) {
    super('engine', stated, options);
  }
}

/** An operation called with tensors whose shapes or types do not fit; the message names the operation and the shapes. */
export class ShapeError extends ProbprecError {
  constructor(stated: Stated) {
    super('shape', stated);
  }
}
