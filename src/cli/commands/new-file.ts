import { chmod } from 'node:fs/promises';
import { readRegularFile } from '../../regular-file.js';
import { reasonOf } from '../../results/atomic-file.js';
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
  const present = await textOf(file);
  if (present === text) return false;
  if (present !== null && !overwrite) {
    throw new UsageError({ subject: file, found: `${what} that differs`, expected: 'a new name (-o) or --overwrite' });
  }
  await writeFileAtomic(file, text);
  if (executable) await chmod(file, 0o777 & ~process.umask());
  return true;
}

/** Bytes; the commands of a hundred thousand runs have a tenth. */
const LONGEST = 500_000_000;

/** What is there already; null where nothing is. */
async function textOf(file: string): Promise<string | null> {
  try {
    return (await readRegularFile(file, { most: LONGEST })).content.toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UsageError({ subject: file, what: reasonOf(error), remedy: 'expected a file that can be written' });
  }
}
