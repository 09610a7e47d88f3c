import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, EngineError, OptimizerError, ProbprecError, UserCodeError } from '../errors.js';
import { settled } from './settled.js';

/** What a user's file can define. */
export type DefinitionNoun = 'optimizer' | 'test problem' | 'data set';

/** The part of a definition in which an error was thrown: what is nearest to where it happened. */
const parts = new WeakMap<object, string>();

/** Calls a function of a definition; an error that leaves it remembers the part. */
export function inPart<T>(part: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (typeof error === 'object' && error !== null && !parts.has(error)) parts.set(error, part);
    throw error;
  }
}

/** Finds lines in the text of modules: what source-places.ts does, with parsers that are loaded for users' files alone. */
export interface SourcePlaces {
  placeOfProperty(modules: readonly string[], name: string): { readonly path: string; readonly line: number } | null;
  placeOfSyntaxError(
    modules: readonly string[],
    error: SyntaxError,
  ): { readonly path: string; readonly line: number } | null;
}

/** Finds out whether an error comes from a user's files, and says so. */
export class UserCode {
  /** Set when the first user's file is loaded; no file of a user's is asked about before. */
  static sources: SourcePlaces = { placeOfProperty: () => null, placeOfSyntaxError: () => null };

  /** As the user named it. */
  readonly file: string;
  readonly noun: DefinitionNoun;
  readonly #modules: ReadonlySet<string>;

  /** `modules` are the absolute paths of its code. */
  constructor(file: string, modules: readonly string[], noun: DefinitionNoun) {
    this.file = file;
    this.noun = noun;
    this.#modules = new Set(modules);
  }

  /** The absolute paths of its code. */
  get modules(): readonly string[] {
    return [...this.#modules];
  }

  /** The same files as the code of something else that they define. */
  as(noun: DefinitionNoun): UserCode {
    return new UserCode(this.file, this.modules, noun);
  }

  /**
   * The error as one of the user's: `mine.mjs:7: TypeError: … (in the optimizer's step)`. An error in which no code of the
   * user's took part is returned as it is, and so is one of the engine.
   */
  blame(error: unknown, part: string): unknown {
    if (isNobodys(error)) return error;
    const tagged = typeof error === 'object' && error !== null ? parts.get(error) : undefined;
    const place = this.place(error);
    if (error instanceof Error && place === null && tagged === undefined) return error;
    return this.error(`${this.explain(error)} (in the ${this.noun}'s ${tagged ?? part})`, error);
  }

  /** {@link blame} for what can only be the user's, even where nothing of the user's is on the stack. */
  claim(error: unknown, part: string): unknown {
    const blamed = this.blame(error, part);
    if (blamed !== error || isNobodys(error)) return blamed;
    const place = this.place(error) ?? this.placeOfProperty(part) ?? this.file;
    return this.error(`${place}: ${describeError(error)} (in the ${this.noun}'s ${part})`, error);
  }

  /** An error of this file's. */
  error(message: string, cause?: unknown): UserCodeError {
    const Kind = this.noun === 'optimizer' ? OptimizerError : UserCodeError;
    return new Kind(message, { cause });
  }

  /** Calls one of the user's functions; what it throws is called the user's. */
  call<T>(part: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw this.blame(error, part);
    }
  }

  /** {@link call} for a function that may return a promise; one that never settles is an error, too. */
  async wait<T>(part: string, body: () => T | Promise<T>): Promise<T> {
    try {
      const promise = Promise.resolve(body());
      return await settled(promise, () => this.fault(part, 'waits for something that never comes'));
    } catch (error) {
      throw this.blame(error, part);
    }
  }

  /** `mine.mjs:7: its step returns undefined, expected …` */
  fault(part: string, text: string): UserCodeError {
    return this.error(`${this.placeOfProperty(part) ?? this.file}: its ${part} ${text}`);
  }

  /** `mine.mjs:7`, the line that called the function in which `error` was made, where that line is the user's; else null. */
  callerPlace(error: Error): string | null {
    const direct = new Error();
    direct.stack = error.stack?.split('\n').slice(2, 3).join('');
    return this.place(direct);
  }

  /** `mine.mjs:7`, where a property or method of this name stands in the user's files, or null. */
  placeOfProperty(name: string): string | null {
    const found = UserCode.sources.placeOfProperty(this.modules, name);
    return found === null ? null : `${shown(found.path)}:${found.line}`;
  }

  /** File, line and message of an error. */
  explain(error: unknown): string {
    return `${this.place(error) ?? this.file}: ${describeError(error)}`;
  }

  /** `mine.mjs:7`, the innermost line of the user's on the error's stack, or null. */
  place(error: unknown): string | null {
    const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
    for (const line of stack.split('\n')) {
      const [, where, number] =
        /(file:\/\/.*?|\/.*?|[A-Za-z]:\\.*?)(?:\?[^:]*)?:(\d+)(?::\d+)?\)?$/.exec(line.trim()) ?? [];
      // A frame is `at name (file:///…:7:9)`, without the parentheses where the function has no name.
      const path = where === undefined ? null : pathOf(where);
      if (path !== null && this.#modules.has(path)) return `${shown(path)}:${number}`;
    }
    if (!(error instanceof SyntaxError)) return null;
    const found = UserCode.sources.placeOfSyntaxError(this.modules, error);
    return found === null ? null : `${shown(found.path)}:${found.line}`;
  }
}

/** An error that is blamed already, or is the doing of the engine or of the data directory. */
function isNobodys(error: unknown): boolean {
  return [UserCodeError, EngineError, DataError].some((kind) => error instanceof kind);
}

/** `TypeError: x is not a function`; of an error of ours, which is written for people, the message alone. */
export function describeError(error: unknown): string {
  if (error instanceof ProbprecError) return error.message;
  if (!(error instanceof Error)) return `it threw ${display(error)}`;
  const [message = ''] = String(error.message).split('\n');
  return message === '' ? error.name : `${error.name}: ${message}`;
}

/** A value in an error line, whatever it is. */
export function display(value: unknown): string {
  try {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'function') return 'a function';
    if (Array.isArray(value)) return 'a list';
    if (typeof value === 'object' && value !== null) return value instanceof Promise ? 'a promise' : 'an object';
    return String(value);
  } catch {
    return 'an object that throws when it is read';
  }
}

function pathOf(where: string): string | null {
  try {
    return where.startsWith('file:') ? fileURLToPath(where) : where;
  } catch {
    return null;
  }
}

/** Short where it lies below the working directory, as an editor can open it. */
function shown(path: string): string {
  const name = relative(process.cwd(), path);
  return name === '' || isAbsolute(name) || name.startsWith('..') ? path : name.split(sep).join('/');
}
