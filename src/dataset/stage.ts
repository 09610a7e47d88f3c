import { createHash } from 'node:crypto';
import { copyFile, lstat, open, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '../errors.js';
import { makeFolders } from '../make-folders.js';
import { exitCodeOf, reasonOf } from '../system-reasons.js';
import { beginTemporary, finishTemporary, removeAbandoned } from '../temporary-files.js';
import type { DatasetDefinition } from './definition.js';
import { type WaitOptions, withFetchLock } from './fetch-lock.js';
import { locate } from './locate.js';
import { locateText } from './text-files.js';

/** Modification times that differ by less are equal: file systems round them in their own ways. */
const SAME_TIME_MS = 2000;

/** The folder in `scratch` for the data sets of `dataDir`: another data folder gets another one. */
export async function stagedFolder(dataDir: string, scratch: string): Promise<string> {
  const path = await realpath(dataDir).catch(() => dataDir);
  return join(scratch, `probprec-data-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`);
}

/**
 * Copies the files of a data set that lie in `dataDir` into the folder `target`, to the same paths below it. A file that is
 * there already, with the same size and time, is left alone; each other one appears in one step. Several processes may ask for the same
 * copy: one makes it, the others wait. Returns the new files. Throws DataError for files that are not all in `dataDir` and for a
 * folder that cannot be written, and the signal's reason.
 */
export async function stageDataset(
  definition: DatasetDefinition,
  dataDir: string,
  target: string,
  options: WaitOptions = {},
): Promise<string[]> {
  const paths = await filesOf(definition, dataDir);
  if (paths.length === 0)
    throw new DataError({ subject: dataDir, what: `the files of ${definition.name} are not all there` });
  await checkOwner(target);
  try {
    if ((await staleOf(paths, dataDir, target)).length === 0) return [];
    await makeFolders(target);
    await checkOwner(target);
    return await withFetchLock(target, definition.name, { ...options, doing: 'copies' }, async () => {
      // Once more: another process may have copied them until now.
      const stale = await staleOf(paths, dataDir, target);
      const copies: string[] = [];
      for (const path of stale) {
        options.signal?.throwIfAborted();
        copies.push(await copy(join(dataDir, path), join(target, path)));
      }
      return copies;
    });
  } catch (error) {
    if (options.signal?.aborted || error instanceof DataError) throw error;
    const exitCode = exitCodeOf(error);
    throw new DataError(
      { subject: target, what: `the data set ${definition.name} cannot be copied there (${reasonOf(error)})` },
      { cause: error, ...(exitCode === undefined ? {} : { exitCode }) },
    );
  }
}

/**
 * Throws DataError where a link or another user's folder lies in the place of the copies: a disk for temporary files is everybody's, the
 * folder's name can be guessed, and what its owner puts there would be written over or trained with.
 */
async function checkOwner(target: string): Promise<void> {
  const entry = await lstat(target).catch(() => null);
  const own = process.getuid?.();
  if (entry === null || (!entry.isSymbolicLink() && (own === undefined || entry.uid === own))) return;
  const found = entry.isSymbolicLink() ? 'is a link' : 'belongs to another user';
  throw new DataError({
    subject: target,
    what: `${found}; expected a folder of your own, so choose another scratch folder`,
  });
}

/** Where the files of a data set are below `dataDir`; none where one of them is missing. */
async function filesOf(definition: DatasetDefinition, dataDir: string): Promise<string[]> {
  if (definition.kind === 'text') {
    const place = await locateText(definition, dataDir);
    return place === null ? [] : [place.path];
  }
  if (definition.kind !== 'images') return [];
  const located = await locate(definition, dataDir);
  const paths = located.flatMap(({ place }) => place?.path ?? []);
  return paths.length < located.length ? [] : [...new Set(paths)];
}

/** Those of the files of which there is no copy. */
async function staleOf(paths: readonly string[], dataDir: string, target: string): Promise<string[]> {
  const fresh = await Promise.all(
    paths.map(async (path) => {
      const original = await stat(join(dataDir, path));
      const own = await stat(join(target, path)).catch(() => null);
      return own?.size === original.size && Math.abs(own.mtimeMs - original.mtimeMs) < SAME_TIME_MS;
    }),
  );
  return paths.filter((_, index) => !fresh[index]);
}

async function copy(from: string, to: string): Promise<string> {
  await makeFolders(dirname(to));
  await removeAbandoned(to);
  const { atime, mtime } = await stat(from);
  const temporary = beginTemporary(to);
  try {
    await copyFile(from, temporary);
    const handle = await open(temporary, 'r+');
    await handle.sync().finally(() => handle.close());
    await utimes(temporary, atime, mtime);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    finishTemporary(temporary);
  }
  return to;
}
