import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileError } from '../errors.js';
import { at } from '../expect.js';
import type { Fault } from '../words.js';
import { type JsonTree, parseModule, type Reference } from './source-syntax.js';
import { isTypeScript, stripTypes } from './strip-types.js';

const EXPECTED = 'expected a JavaScript or TypeScript module';

/** A file of a user's program. */
export interface SourceModule {
  /** Absolute, with symbolic links resolved. */
  readonly path: string;
  /** Relative to the entry's folder, with `/`. */
  readonly name: string;
  /**
   * What the file says as JSON: the syntax tree of JavaScript, the value of JSON, else the bytes. An import in it is the
   * index of the module in the graph, or the package.
   */
  readonly content: JsonTree;
}

/** An entry file and every file of the user's that it imports. */
export interface ModuleGraph {
  /** The entry first, the others in the order in which they are first named. */
  readonly modules: readonly SourceModule[];
  /** One line for each thing that the graph does not see, such as an `import()` of a name that the code computes. */
  readonly warnings: readonly string[];
}

/**
 * Follows the relative imports of a user's file: static ones, `export … from`, and `import()` and `require()` of a literal.
 * A package counts as its name and version. Throws FileError, one line, for a file that is not there or cannot be read.
 */
export function moduleGraph(file: string): ModuleGraph {
  return new GraphReader(file).read();
}

/** What stands behind a reference. */
type Target =
  | { readonly kind: 'file'; readonly path: string; readonly query: string }
  | { readonly kind: 'other'; readonly name: JsonTree };

class GraphReader {
  readonly #entry: string;
  /** As it was asked for, for errors. */
  readonly #file: string;
  readonly #indices = new Map<string, number>();
  readonly #paths: string[] = [];
  readonly #warnings: string[] = [];

  constructor(file: string) {
    this.#file = file;
    this.#entry = realFile(file, {
      missing: () => ({ subject: file, what: 'no such file', remedy: EXPECTED }),
      other: (what) => ({ subject: file, what }),
    });
  }

  read(): ModuleGraph {
    this.#indexOf(this.#entry);
    const modules: SourceModule[] = [];
    // The list grows while modules are read.
    for (let index = 0; index < this.#paths.length; index++) {
      const path = at(this.#paths, index);
      modules.push({ path, name: this.#nameOf(path), content: this.#contentOf(path) });
    }
    return { modules, warnings: [...new Set(this.#warnings)] };
  }

  #nameOf(path: string): string {
    return relative(dirname(this.#entry), path).split(sep).join('/') || basename(path);
  }

  #indexOf(path: string): number {
    const known = this.#indices.get(path);
    if (known !== undefined) return known;
    this.#indices.set(path, this.#paths.length);
    return this.#paths.push(path) - 1;
  }

  #contentOf(path: string): JsonTree {
    const bytes = this.#bytesOf(path);
    const extension = extname(path);
    if (extension === '.json') return jsonContent(bytes);
    if (!/^\.[cm]?[jt]s$/.test(extension)) return byteContent(bytes);
    try {
      const text = withoutMark(bytes.toString('utf8'));
      const program = isTypeScript(path) ? stripTypes(text, path) : text;
      return this.#javascript(path, program, extension === '.cjs' ? 'commonjs' : 'module');
    } catch (error) {
      // No JavaScript, or nested deeper than the stack: Node decides whether it loads.
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      const text = 'it is not read as JavaScript, so a comment in it counts as a change, and its imports do not';
      this.#warn(path, null, text);
      return byteContent(bytes);
    }
  }

  #javascript(path: string, text: string, sourceType: 'module' | 'commonjs'): JsonTree {
    const { references, computed, content } = parseModule(text, sourceType);
    for (const line of computed) {
      this.#warn(
        path,
        line,
        'it imports a module whose name the code computes; a change of that module is not noticed',
      );
    }
    const targets = references.map((reference) => this.#follow(path, reference));
    return content((reference) => targets[reference] ?? null);
  }

  #bytesOf(path: string): Buffer {
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new FileError(this.#fault(path, `the file cannot be read: ${reasonOf(cause)}`), { cause });
    }
  }

  #follow(importer: string, reference: Reference): JsonTree {
    const target = this.#resolve(importer, reference);
    if (target.kind === 'other') return target.name;
    const module = this.#indexOf(target.path);
    return target.query === '' ? { module } : { module, query: target.query };
  }

  #resolve(importer: string, reference: Reference): Target {
    const { specifier, kind } = reference;
    const other = (name: JsonTree): Target => ({ kind: 'other', name });
    if (isBuiltin(specifier)) return other({ builtin: specifier.replace(/^node:/, '') });
    // The loader makes this name mean the running copy of the library, wherever the file lies.
    if (specifier === 'probprec') return other({ probprec: true });
    if (specifier.startsWith('probprec/')) return other({ probprec: specifier.slice('probprec/'.length) });
    if (/^(\.{0,2}\/|\.{1,2}$|file:)/.test(specifier)) {
      return kind === 'require' ? this.#required(importer, reference) : this.#relative(importer, reference);
    }
    if (/^[a-z][a-z+.-]*:/i.test(specifier)) return other({ url: specifier });
    const found = specifier.startsWith('#') ? null : installedPackage(importer, specifier);
    if (found === null) return this.#required(importer, reference);
    if (found.linked) {
      this.#warn(
        importer,
        reference.line,
        `the package ${found.name} is a link; only its version ${found.version} counts`,
      );
    }
    return other({ package: `${found.name}@${found.version}`, specifier });
  }

  #relative(importer: string, { specifier, kind, line }: Reference): Target {
    const url = new URL(specifier, pathToFileURL(importer));
    const missing = () => {
      const other = sibling(fileURLToPath(url));
      const hint = other === null ? '' : `; ${other} exists: import that name`;
      return this.#fault(importer, `it imports "${specifier}", which does not exist${hint}`, line);
    };
    const path = fileURLToPath(url);
    try {
      const real = realFile(path, { missing, other: (what) => ({ what: `${path}: ${what}` }) });
      return { kind: 'file', path: real, query: url.search + url.hash };
    } catch (error) {
      // An import() may be tried in vain; when the file is there one day, that is another optimizer.
      if (error instanceof FileError && kind === 'static') throw error;
      return { kind: 'other', name: { missing: specifier } };
    }
  }

  /** As CommonJS resolves it: also for names inside the user's own package. */
  #required(importer: string, { specifier, kind, line }: Reference): Target {
    try {
      const path = realpathSync(createRequire(importer).resolve(specifier));
      return { kind: 'file', path, query: '' };
    } catch (cause) {
      if (kind === 'static') {
        const what = `it imports "${specifier}", which is not installed there`;
        throw new FileError(this.#fault(importer, what, line), { cause });
      }
      return { kind: 'other', name: { missing: specifier } };
    }
  }

  /** What is wrong with a module: of the file itself where it has no line, else in it or in one that it imports. */
  #fault(path: string, what: string, line?: number): Fault {
    const where = line === undefined ? '' : `:${line}`;
    if (path !== this.#entry) return { subject: this.#file, what: `${this.#nameOf(path)}${where}: ${what}` };
    return line === undefined ? { subject: this.#file, what } : { place: `${this.#file}${where}`, what };
  }

  #warn(path: string, line: number | null, text: string): void {
    this.#warnings.push(`${this.#nameOf(path)}${line === null ? '' : `:${line}`}: ${text}`);
  }
}

/** The real path of a regular file. Throws FileError with `missing` where there is none, with `other` for what else is wrong. */
function realFile(
  path: string,
  { missing, other }: { readonly missing: () => Fault; readonly other: (what: string) => Fault },
): string {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    const gone = ['ENOENT', 'ENOTDIR'].includes(String((cause as NodeJS.ErrnoException).code));
    throw new FileError(gone ? missing() : other(`the file cannot be read: ${reasonOf(cause)}`), { cause });
  }
  if (!statSync(real).isFile()) throw new FileError(other(`this is no file; ${EXPECTED}`));
  return real;
}

/** `part.ts` where `part.js` is missing: compilers take one for the other, Node does not. */
function sibling(path: string): string | null {
  const [, stem = path, extension = ''] = /^(.*)\.(m?)[jt]s$/.exec(path) ?? [];
  const names = [`${stem}.${extension}ts`, `${stem}.${extension}js`, `${stem}.ts`, `${stem}.js`, `${stem}.mjs`];
  const found = names.find((name) => name !== path && existsSync(name));
  return found === undefined ? null : basename(found);
}

interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Whether its folder is a link to one that no package manager keeps, as in a workspace. */
  readonly linked: boolean;
}

/** The package that Node finds for a bare name: the nearest `node_modules` above the importer that has it. */
function installedPackage(importer: string, specifier: string): InstalledPackage | null {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  for (let folder = dirname(importer); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    try {
      const manifest = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8')) as { version?: unknown };
      const linked = !realpathSync(candidate).split(sep).includes('node_modules');
      return { name, version: String(manifest.version ?? 'unknown'), linked };
    } catch {
      if (folder === dirname(folder)) return null;
    }
  }
}

/** Its value: how it is indented does not matter. */
function jsonContent(bytes: Buffer): JsonTree {
  try {
    return { json: JSON.stringify(JSON.parse(withoutMark(bytes.toString('utf8')))) };
  } catch {
    return byteContent(bytes);
  }
}

function byteContent(bytes: Buffer): JsonTree {
  return { bytes: createHash('sha256').update(bytes).digest('hex') };
}

/** A byte order mark is no part of the text. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? cause.name) : String(cause);
}
