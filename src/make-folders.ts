import { mkdirSync, statSync } from 'node:fs';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing, one at a time, and returns the uppermost one that was made; undefined when none was.
 * When one cannot be made, those that were made go again. Node's own recursion says that a folder does not exist where a file
 * system is full or cannot be written, and never ends on one that answers so to every mkdir (/proc). Throws the system's errors.
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    return (await makeOne(folder)) ? folder : undefined;
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
  }
  const uppermost = await makeFolders(dirname(folder));
  try {
    const made = await makeOne(folder);
    return uppermost ?? (made ? folder : undefined);
  } catch (error) {
    await removeFolders(dirname(folder), uppermost);
    throw error;
  }
}

/** Removes a folder and those above it up to the uppermost one of {@link makeFolders}, as far as nothing is in them. */
export async function removeFolders(folder: string, uppermost: string | undefined): Promise<void> {
  if (uppermost === undefined) return;
  for (let each = folder; each.startsWith(uppermost); each = dirname(each)) {
    const gone = await rmdir(each).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}

/** {@link makeFolders}, at once. */
export function makeFoldersSync(folder: string): void {
  try {
    makeOneSync(folder);
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
    makeFoldersSync(dirname(folder));
    makeOneSync(folder);
  }
}

async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (isMissing(error) || !(await stat(folder).catch(() => null))?.isDirectory()) throw error;
    return false;
  }
}

function makeOneSync(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isMissing(error) || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
