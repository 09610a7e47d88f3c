import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { FileError } from '../errors.js';
import { codeOf } from '../system-reasons.js';
import { reasonOf } from './atomic-file.js';
import { kindOfEntry } from './read-text.js';

/** What a search for result files found. */
export interface FoundFiles {
  /** The files that hold runs, each once, of every folder in alphabetical order. */
  readonly files: readonly string[];
  /** Folders that could not be read and entries that are no files, one line each. */
  readonly faults: readonly string[];
  /** Logs of a training monitor (`random_seed__…__log.json`), which lie beside result files and are none. */
  readonly monitorLogs: number;
  /** Other files named *.json or *.csv: what a folder of another program has instead. */
  readonly others: readonly string[];
}

/**
 * The files that hold runs: a file as it is given, of a folder everything below it that is named `random_seed__*.json`.
 * Folders whose name begins with a dot (.ipynb_checkpoints, .git) are not searched; each folder is visited once, whatever
 * symbolic links lead to it. Throws FileError for a path that does not exist.
 */
export async function searchResultFiles(
  paths: readonly string[],
  expected = 'a run file or a folder with run files',
): Promise<FoundFiles> {
  const search = new Search();
  for (const path of paths) await search.add(path, expected);
  return search.found();
}

/** The files of {@link searchResultFiles}; what could not be searched is left out. */
export async function findResultFiles(paths: readonly string[]): Promise<string[]> {
  return [...(await searchResultFiles(paths)).files];
}

const RUN = /^random_seed__.*\.json$/s;
const MONITOR_LOG = /^random_seed__.*__log\.json$/s;

/** Other files are named as examples only. */
const MOST_OTHERS = 20;

class Search {
  readonly #files = new Set<string>();
  readonly #faults: string[] = [];
  readonly #others: string[] = [];
  #monitorLogs = 0;

  found(): FoundFiles {
    return {
      files: [...this.#files],
      faults: this.#faults,
      monitorLogs: this.#monitorLogs,
      others: this.#others,
    };
  }

  async add(path: string, expected: string): Promise<void> {
    const entry = await stat(path).catch((error: unknown) => {
      const reason = codeOf(error) === 'ENOENT' ? 'no such file or folder' : reasonOf(error);
      throw new FileError({ subject: path, what: reason, remedy: `expected ${expected}` });
    });
    if (entry.isFile()) {
      this.#files.add(path);
    } else if (entry.isDirectory()) {
      for (const file of (await this.#walk(path)).sort()) this.#files.add(file);
    } else {
      this.#faults.push(`${path}: is ${kindOfEntry(entry)}; expected ${expected}`);
    }
  }

  /** The run files below a folder: first along real folders, then through the links that lead to others. */
  async #walk(root: string): Promise<string[]> {
    const files: string[] = [];
    const visited = new Set<string>();
    const linkedFiles: string[] = [];
    let pending = [{ path: root, real: await realpath(root) }];
    while (pending.length > 0) {
      const links: string[] = [];
      for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
        const { path, real } = folder;
        if (visited.has(real)) continue;
        visited.add(real);
        for (const entry of await this.#entries(path)) {
          const below = join(path, entry.name);
          if (entry.isSymbolicLink()) links.push(below);
          else if (entry.isDirectory()) {
            if (!entry.name.startsWith('.')) pending.push({ path: below, real: join(real, entry.name) });
          } else this.#sort(below, entry, files);
        }
      }
      pending = await this.#follow(links.sort(), linkedFiles);
    }
    return [...files, ...(await onlyNew(linkedFiles, files))];
  }

  async #entries(folder: string): Promise<Dirent[]> {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      this.#faults.push(`${folder}: cannot be searched (${reasonOf(error)})`);
      return [];
    }
  }

  /** A file named like a run is one, unless it is a log or no file at all. */
  #sort(path: string, entry: Dirent, files: string[]): void {
    if (MONITOR_LOG.test(entry.name)) this.#monitorLogs += 1;
    else if (RUN.test(entry.name)) files.push(path);
    else if (/\.(?:json|csv)$/.test(entry.name) && this.#others.length < MOST_OTHERS) this.#others.push(path);
  }

  /** The folders that links lead to; a link to a folder that it lies in itself is a loop and leads nowhere. */
  async #follow(links: readonly string[], linkedFiles: string[]): Promise<{ path: string; real: string }[]> {
    const folders: { path: string; real: string }[] = [];
    for (const path of links) {
      const name = path.slice(dirname(path).length + 1);
      if (name.startsWith('.')) continue;
      const target = await stat(path).catch(() => null);
      if (target === null) {
        if (RUN.test(name))
          this.#faults.push(`${path}: cannot be read (a link that leads nowhere); expected a run file`);
      } else if (target.isDirectory()) {
        const real = await realpath(path);
        const within = await realpath(dirname(path));
        if (within !== real && !within.startsWith(real.endsWith(sep) ? real : real + sep)) folders.push({ path, real });
      } else if (MONITOR_LOG.test(name)) this.#monitorLogs += 1;
      else if (RUN.test(name)) linkedFiles.push(path);
    }
    return folders.reverse();
  }
}

/** Links to files that are not among those that were found without them. */
async function onlyNew(links: readonly string[], files: readonly string[]): Promise<string[]> {
  if (links.length === 0) return [];
  const known = new Set<string>();
  for (const file of files) known.add(await realpath(file).catch(() => file));
  const found: string[] = [];
  for (const link of links) {
    const real = await realpath(link).catch(() => link);
    if (known.has(real)) continue;
    known.add(real);
    found.push(link);
  }
  return found;
}
