import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { FileError, OutputError } from '../errors.js';
import { quotedName } from '../shown-text.js';
import { codeOf } from '../system-reasons.js';
import { writeFileAtomic } from './atomic-file.js';
import { pathPartFault } from './names.js';
import { kindOfEntry } from './read-text.js';

/** A file that is to be written: names of folders and file below the output folder, and where it comes from. */
export interface Placement {
  /** `[testproblem, optimizer, setting, file]`; from files, so that each is checked. */
  readonly parts: readonly string[];
  readonly text: string;
  /** The file that it was made of. */
  readonly source: string;
  /** The experiment it belongs to: runs of two experiments never come to lie in one folder. */
  readonly owner: string;
  /** Whether a file of this text in its place is an older form of the same content, to be replaced. */
  readonly replaces?: (text: string) => boolean;
}

/**
 * A folder that results are written into, and nothing outside of it: names are checked, symbolic links that lead out are
 * not followed, files that are there are left as they are.
 */
export class OutputTree {
  readonly #root: string;
  #realRoot: string | null = null;
  readonly #inside = new Set<string>();
  readonly #owners = new Map<string, { readonly owner: string; readonly source: string }>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Writes the file unless it is there already. Throws FileError, one line, when it cannot be placed. */
  async place({ parts, text, source, owner, replaces }: Placement): Promise<{ path: string; written: boolean }> {
    for (const part of parts) {
      const fault = pathPartFault(part);
      if (fault !== null)
        throw new FileError({ subject: source, found: `the name ${quotedName(part)}`, expected: fault });
    }
    const path = join(this.#root, ...parts);
    await this.#checkInside(parts.slice(0, -1), source);
    await this.#checkOwner(path, source, owner);
    const there = await textThere(path, source);
    if (there === text) return { path, written: false };
    if (there !== null && replaces?.(there) !== true) {
      throw new FileError({ subject: path, found: `a file with other content, left it as it is (from ${source})` });
    }
    try {
      await writeFileAtomic(path, text);
    } catch (error) {
      // A name that this file system cannot hold concerns one file; a full or read-only one concerns all.
      if (error instanceof OutputError && OF_ONE_FILE.has(codeOf(error.cause))) {
        throw new FileError(`${error.message} (from ${source})`, { cause: error });
      }
      throw error;
    }
    return { path, written: true };
  }

  /** A folder that is there may be a link; the one it leads to has to lie in the output folder. */
  async #checkInside(folders: readonly string[], source: string): Promise<void> {
    let path = this.#root;
    for (const folder of folders) {
      path = join(path, folder);
      if (this.#inside.has(path)) continue;
      const entry = await lstat(path).catch(() => null);
      if (entry === null) return;
      if (entry.isSymbolicLink()) {
        this.#realRoot ??= await realpath(this.#root);
        const real = await realpath(path).catch(() => '');
        if (!real.startsWith(this.#realRoot + sep)) {
          throw new FileError({
            subject: path,
            what: `is a link that leads out of ${this.#root}`,
            remedy: `not written there (from ${source})`,
          });
        }
      }
      this.#inside.add(path);
    }
  }

  /**
   * The first experiment that is written to a folder owns it. A file of the same seed that is there already is of the same
   * experiment only if the folder that the new one comes from has it, too.
   */
  async #checkOwner(path: string, source: string, owner: string): Promise<void> {
    const folder = dirname(path);
    const before = this.#owners.get(folder);
    if (before !== undefined) {
      if (before.owner !== owner) throw mixed(source, folder, `it has runs of ${before.source}`);
      return;
    }
    const there = await readdir(folder).catch(() => []);
    if (there.length > 0) {
      const own = new Set([...(await readdir(dirname(source)).catch(() => [])), basename(path)]);
      const seeds = new Set([...own].map(seedOf));
      const foreign = there.find((name) => seedOf(name) !== null && seeds.has(seedOf(name)) && !own.has(name));
      if (foreign !== undefined) throw mixed(source, folder, `${foreign} already exists there`);
    }
    this.#owners.set(folder, { owner, source });
  }
}

const OF_ONE_FILE = new Set(['ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'EISDIR', 'EINVAL', 'EILSEQ']);

function mixed(source: string, folder: string, why: string): FileError {
  return new FileError({
    subject: source,
    what: `left out: it would be mixed with other runs in ${folder} (${why})`,
    remedy: 'give it an output folder of its own',
  });
}

function seedOf(name: string): string | null {
  return /^random_seed__(\d+)__.*\.json$/.exec(name)?.[1] ?? null;
}

/** The text of a regular file; null where there is none. */
async function textThere(path: string, source: string): Promise<string | null> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return null;
  if (entry.isFile()) return readFile(path, 'utf8');
  const kind = entry.isSymbolicLink() ? 'a link' : kindOfEntry(entry);
  throw new FileError({ subject: path, what: `${kind} is in the way, left it as it is (from ${source})` });
}
