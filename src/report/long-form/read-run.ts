import { FileError } from '../../errors.js';
import { type RecordedRun, type ResultFile, readResultFile, recordResultFile } from '../../results/index.js';

/** A run, and the file that it was read from. */
export interface ReadRun {
  readonly path: string;
  readonly run: RecordedRun;
  readonly file: ResultFile;
}

/** Reads one file after the other; of one that cannot be read a line is added to `faults`, and the next one is read. */
export async function* readRuns(paths: readonly string[], faults: string[]): AsyncGenerator<ReadRun> {
  for (const path of paths) {
    try {
      const file = await readResultFile(path);
      yield { path, run: recordResultFile(path, file), file };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      faults.push(error.message);
    }
  }
}
