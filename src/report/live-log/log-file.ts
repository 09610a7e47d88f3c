import { appendFileSync, statSync, truncateSync } from 'node:fs';
import { OutputError } from '../../errors.js';
import { makeFoldersSync } from '../../make-folders.js';
import { readRegularFileSync } from '../../regular-file.js';
import { outputOptions, reasonOf } from '../../results/atomic-file.js';
import { option } from '../../words.js';

/** Bytes; a log that a program reads again. */
const LONGEST_LOG = 2 ** 31 - 1;

/** Adds to a log, all of it or nothing: where a disk becomes full, half a line or record goes away again. Throws OutputError. */
export function appendToLog(path: string, content: string | Uint8Array): void {
  writingLog(path, () => {
    const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    try {
      appendFileSync(path, content);
    } catch (error) {
      try {
        truncateSync(path, before);
      } catch {
        // Then the next run that writes here takes the half line out.
      }
      throw error;
    }
  });
}

/** What a log has so far; null where there is none. Throws OutputError for what is no file. */
export function readLog(path: string): Buffer | null {
  try {
    return readRegularFileSync(path, { most: LONGEST_LOG });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new OutputError(
      { subject: option('log'), what: `${path} cannot be read: ${reasonOf(error)}` },
      outputOptions(error),
    );
  }
}

/** Makes the folder of a log. Throws OutputError. */
export function makeLogFolder(folder: string): void {
  writingLog(folder, () => makeFoldersSync(folder));
}

/** Does what changes a log; an error says which. Throws OutputError. */
export function writingLog<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new OutputError(
      { subject: option('log'), what: `cannot write ${path}: ${reasonOf(error)}` },
      outputOptions(error),
    );
  }
}
