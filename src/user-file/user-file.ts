import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { FileError } from '../errors.js';
import { option as named } from '../words.js';
import { pathText } from '../zod-expectation.js';

import { settled } from './settled.js';
import { type UserSource, userSource } from './source-identity.js';
import { placeOfProperty, placeOfSyntaxError } from './source-places.js';
import { type DefinitionNoun, describeError, display, UserCode } from './user-code.js';

/** What is wrong with a statement of a definition. */
export interface StatementFault {
  /** The property that states it: `className`, or a hyperparameter's name. */
  readonly property: string;
  /** `className: found "Adam", expected …` */
  readonly text: string;
}

/** What a file of one kind has to export, and what becomes of it. */
export interface FileKind<Definition> {
  /** The key of the option that takes such files, for errors: `optimizer`. */
  readonly option: string;
  readonly noun: DefinitionNoun;
  /** What to write instead, for errors: `export default defineOptimizer({ … })`. */
  readonly expected: string;
  /** The form of the default export; what else it holds is let through. */
  readonly contract: z.ZodType;
  /** The definition from an export of this form, with the user's functions guarded; from then on the export is not read again. */
  guarded(exported: Definition, code: UserCode): Definition;
  /** Why it cannot be used all the same, such as a name that is taken; or null. */
  fault(definition: Definition): Promise<StatementFault | null>;
}

/** A user's definition with what it was loaded from. */
export interface LoadedFile<Definition> {
  readonly definition: Definition;
  readonly source: UserSource;
  /** What is made of the definition, a wrapped optimizer for instance, with its errors called the user's. */
  readonly guard: (made: Definition) => Definition;
}

/** Frames of a stack that are kept: a user's line may lie below many of the library's. */
const STACK_FRAMES = 60;

let hooked = false;

/** Makes `import … from 'probprec'` in users' files mean this library, and TypeScript run. */
function hookModules(): void {
  UserCode.sources = { placeOfProperty, placeOfSyntaxError };
  if (!hooked) register('./module-hooks.js', import.meta.url);
  hooked = true;
}

/** Node runs a module once in a process, whatever becomes of the file: its identity is the one of the code that runs. */
const loaded = new Map<string, unknown>();

/**
 * Loads a user's file: a module, JavaScript or TypeScript, whose default export is a definition of this kind. `copy` names one
 * that shares no variable of the file itself with the others; files that it imports are shared. Throws FileError, one line that
 * names option, file and, where there is one, the line, for what is none or has a reserved name.
 */
export async function loadDefinitionFile<Definition>(
  kind: FileKind<Definition>,
  file: string,
  copy = '',
): Promise<LoadedFile<Definition>> {
  const key = `${kind.noun} ${copy} ${resolve(file)}`;
  const before = loaded.get(key) as LoadedFile<Definition> | undefined;
  if (before !== undefined) return before;
  const { source, code, exported } = await loadUserModule(file, kind, copy);
  const definition = kind.guarded(conforming(file, kind, exported, code), code);
  const fault = await kind.fault(definition);
  if (fault !== null) {
    const what = `${fault.text}${placeSuffix(code, fault.property)}`;
    throw new FileError({ subject: named(kind.option, file), what });
  }
  const result = { definition, source, guard: (made: Definition) => kind.guarded(made, code) };
  loaded.set(key, result);
  return result;
}

/** A module of a user's with its identity, and what it exports as its default. */
export async function loadUserModule(
  file: string,
  { option, noun }: { readonly option: string; readonly noun: DefinitionNoun },
  copy = '',
): Promise<{ readonly source: UserSource; readonly code: UserCode; readonly exported: unknown }> {
  if (/\.cts$/.test(file)) {
    throw new FileError({ subject: named(option, file), found: 'a .cts file', expected: 'a module (.ts or .mts)' });
  }
  const source = sourceOf(file, option);
  const code = new UserCode(file, source.modules, noun);
  const exported = (await importModule(file, option, code, copy)).default;
  return { source, code, exported };
}

function sourceOf(file: string, option: string): UserSource {
  try {
    return userSource(file);
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    const { fault, message } = cause;
    const subject = named(option, file);
    // Where a file that it imports is missing, the line is part of what there is to say.
    const own = fault?.subject === file ? fault : { what: `the module does not load: ${message}` };
    throw new FileError({ ...own, subject }, { cause });
  }
}

/** The module itself: its default export, handed on by a promise, would be asked whether it is one. */
async function importModule(
  file: string,
  option: string,
  code: UserCode,
  copy: string,
): Promise<{ readonly default?: unknown }> {
  hookModules();
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, STACK_FRAMES);
  const subject = named(option, file);
  const stalled = new FileError({ subject, what: 'the module waits for something that never comes' });
  const url = `${pathToFileURL(resolve(file)).href}${copy === '' ? '' : `?copy=${copy}`}`;
  try {
    return (await settled(import(/* @vite-ignore */ url), () => stalled)) as {
      default?: unknown;
    };
  } catch (cause) {
    if (cause === stalled) throw cause;
    const place = code.place(cause);
    const reason = place === null ? describeError(cause) : `${place}: ${describeError(cause)}`;
    throw new FileError({ subject, what: `the module does not load: ${reason}` }, { cause });
  }
}

/** What a module exports, when it has the form of this kind. */
function conforming<Definition>(
  file: string,
  { option, noun, expected, contract }: FileKind<Definition>,
  exported: unknown,
  code: UserCode,
): Definition {
  const refused = (text: string, { property = '', cause }: { property?: string; cause?: unknown } = {}) =>
    new FileError(
      { subject: named(option, file), what: text, remedy: `expected ${expected}${placeSuffix(code, property)}` },
      { cause },
    );
  try {
    const other = nounOf(exported);
    if (other !== null && other !== noun) throw refused(`the file defines ${withArticle(other)}`);
    const result = contract.safeParse(exported);
    if (result.success) return exported as Definition;
    const [issue] = result.error.issues;
    const field = pathText(issue);
    throw refused(
      field === ''
        ? `the default export: ${exported === undefined ? 'missing' : `found ${display(exported)}`}`
        : `${field}: ${issue?.message}`,
      { property: field },
    );
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw refused(`the default export cannot be read: ${describeError(cause)}`, { cause });
  }
}

/** ` (mine.mjs:7)`, where a property stands; empty where it stands nowhere. */
function placeSuffix(code: UserCode, property: string): string {
  const place = property === '' ? null : code.placeOfProperty(property);
  return place === null ? '' : ` (${place})`;
}

/** What an export defines, by what it has and no other kind has; null where that cannot be told. */
export function nounOf(exported: unknown): DefinitionNoun | null {
  if (typeof exported !== 'object' || exported === null) return null;
  if ('hyperparameters' in exported) return 'optimizer';
  if ('inputShape' in exported) return 'test problem';
  return 'sizes' in exported ? 'data set' : null;
}

function withArticle(noun: DefinitionNoun): string {
  return noun === 'optimizer' ? `an ${noun}` : `a ${noun}`;
}
