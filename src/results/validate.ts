import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors.js';
import { reasonOf } from './atomic-file.js';
import { inconsistencies } from './consistency.js';
import type { RecordedRun } from './recorded-run.js';
import { type ResultFile, readResultFile, recordResultFile } from './result-file.js';

/** What was found about one file: its kind and state, or the faults, each one line that starts with the path. */
export interface Validation {
  readonly path: string;
  readonly kind: ResultFile['kind'] | null;
  readonly state: RecordedRun['status']['state'] | null;
  readonly faults: readonly string[];
}

/**
 * Checks a file that holds a run: schema, list lengths, configuration hash, content digest, and that its statements agree
 * with each other. Never throws for what is in the file.
 */
export async function validateResultFile(path: string): Promise<Validation> {
  try {
    const file = await readResultFile(path);
    const faults = file.kind === 'probprec' ? inconsistencies(file.content) : [];
    const { state } = file.content.status;
    return { path, kind: file.kind, state, faults: faults.map((fault) => `${path}: ${fault}`) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { path, kind: null, state: null, faults: [error.message] };
  }
}

/**
 * The files that hold runs: a file as it is given, of a folder everything below it that is named `random_seed__*.json`, in
 * alphabetical order. Throws FileError for a path that does not exist.
 */
export async function findResultFiles(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const entry = await stat(path).catch((error: unknown) => {
      throw new FileError(`${path}: ${reasonOf(error)}; expected a run file or a folder with run files`);
    });
    if (!entry.isDirectory()) {
      found.add(path);
      continue;
    }
    const names = await readdir(path, { recursive: true });
    const runs = names.filter((name) => /(?:^|[/\\])random_seed__[^/\\]*\.json$/.test(name)).sort();
    for (const name of runs) found.add(join(path, name));
  }
  return [...found];
}

/** Reads the runs of files and folders; what cannot be read is a fault, one line each, and no run. */
export async function readResults(paths: readonly string[]): Promise<{ runs: RecordedRun[]; faults: string[] }> {
  const runs: RecordedRun[] = [];
  const faults: string[] = [];
  for (const path of await findResultFiles(paths)) {
    try {
      runs.push(recordResultFile(path, await readResultFile(path)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      faults.push(error.message);
    }
  }
  return { runs, faults };
}
