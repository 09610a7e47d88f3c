import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { option } from '../words.js';
import { isUserFile } from './is-user-file.js';
import type { UserSource } from './source-identity.js';
import type { FileKind } from './user-file.js';

/** A definition, and for a user's file what it was loaded from. */
export interface Loaded<Definition> {
  readonly definition: Definition;
  /** Null for one that comes with the suite. */
  readonly source: UserSource | null;
  /** Of a user's file: what is made of its definition, with its errors called the user's. */
  readonly guard?: (made: Definition) => Definition;
}

/** Definitions that come with the suite, by name. */
export interface Registered<Definition> {
  /** Sorted, or in the order in which they are listed. */
  names(): readonly string[];
  /** The definition of one of these names. */
  load(name: string): Promise<Definition>;
  /** A definition of a name that is not listed, such as one that states settings; null if there is none. */
  unlisted?(name: string): Promise<Definition | null>;
}

/** The definitions of one kind, optimizers, test problems or data sets: those of the suite by name, and files of users. */
export class Registry<Definition> {
  readonly #option: string;
  readonly #registered: Registered<Definition>;
  readonly #kind: () => Promise<FileKind<Definition>>;
  readonly #hint: (name: string) => string;

  /**
   * `key` is that of the option that takes them. `kind` is asked for when a user's file is loaded: what reads it is not needed before. `hint` ends the error about a name
   * that is not known.
   */
  constructor(
    key: string,
    registered: Registered<Definition>,
    kind: () => Promise<FileKind<Definition>>,
    hint: (name: string) => string = () => '',
  ) {
    this.#option = key;
    this.#registered = registered;
    this.#kind = kind;
    this.#hint = hint;
  }

  /** Names of all that come with the suite. */
  names(): readonly string[] {
    return this.#registered.names();
  }

  /**
   * Loads a definition by name or from a user's file; `copy` names a copy of the file's module that shares no variable with
   * others. Throws ConfigurationError with the nearest names, or FileError.
   */
  async load(nameOrFile: string, copy = ''): Promise<Loaded<Definition>> {
    if (isUserFile(nameOrFile)) {
      const { loadDefinitionFile } = await import('./user-file.js');
      return loadDefinitionFile(await this.#kind(), nameOrFile, copy);
    }
    const names = this.names();
    if (names.includes(nameOrFile)) return { definition: await this.#registered.load(nameOrFile), source: null };
    const unlisted = (await this.#registered.unlisted?.(nameOrFile)) ?? null;
    if (unlisted !== null) return { definition: unlisted, source: null };
    throw new ConfigurationError({
      subject: option(this.#option, nameOrFile),
      what: `${notKnown(nameOrFile, names, `a name of probprec list ${this.#option}s`)}, or a file such as ./mine.js${this.#hint(nameOrFile)}`,
    });
  }
}

/** Definitions that are one file each in a folder, named as the file, as its default export. */
export function folderOf<Definition>(
  folder: URL,
  sibling: string,
): Registered<Definition> & { module(name: string): Promise<{ readonly default: Definition }> } {
  // TypeScript in a checkout, JavaScript in the package, as the file that asks.
  const extension = extname(fileURLToPath(sibling));
  const module = (name: string) =>
    import(new URL(`${name}${extension}`, folder).href) as Promise<{ readonly default: Definition }>;
  return {
    names: () =>
      readdirSync(folder)
        .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
        .map((file) => file.slice(0, -extension.length))
        .sort(),
    module,
    load: async (name) => (await module(name)).default,
  };
}
