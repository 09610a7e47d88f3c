import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing, one at a time. Node's own recursion says that a folder does not exist where a
 * file system is full, and never ends on one that answers so to every mkdir (/proc). Throws the system's errors.
 */
export async function makeFolders(folder: string): Promise<void> {
  try {
    await makeOne(folder);
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
    await makeFolders(dirname(folder));
    await makeOne(folder);
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

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (isMissing(error) || !(await stat(folder).catch(() => null))?.isDirectory()) throw error;
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
