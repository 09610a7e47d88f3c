import { chmod, readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../results/index.js';
import { UsageError } from '../failure.js';

interface NewFileOptions {
  readonly overwrite?: boolean | undefined;
  readonly executable?: boolean;
  /** What is there already, with its article, for the error. */
  readonly what: string;
}

/**
 * Writes a file that people may have edited: the same content is left as it is, other content is kept unless `overwrite`.
 * Returns whether something was written. Throws UsageError, OutputError.
 */
export async function writeNewFile(
  file: string,
  text: string,
  { overwrite = false, executable = false, what }: NewFileOptions,
): Promise<boolean> {
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new UsageError(`${file}: ${error.message}; expected a file that can be written`);
  });
  if (present === text) return false;
  if (present !== null && !overwrite) {
    throw new UsageError(`${file}: found ${what} that differs, expected a new name (-o) or --overwrite`);
  }
  await writeFileAtomic(file, text);
  if (executable) await chmod(file, 0o755);
  return true;
}
