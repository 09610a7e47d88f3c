import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { constants, type FileHandle, lstat, open, stat, unlink } from 'node:fs/promises';

/** Something that is no regular file where one is read: reading it might wait for ever, or never end. */
export class NotAFileError extends Error {
  constructor(kind: string) {
    super(`found ${kind}, expected a file`);
    this.name = 'NotAFileError';
  }
}

/** A file that is longer than anything that belongs there. */
export class TooLongError extends Error {
  constructor(bytes: number, most: number) {
    super(`found ${bytes} bytes, expected at most ${most}`);
    this.name = 'TooLongError';
  }
}

/** An open file with its size in bytes and the time of its last change. */
export interface RegularFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * Opens a file for reading if it is one: no folder, pipe, socket or device, and with `follow: false` no symbolic link.
 * Throws NotAFileError, which says what it is, and the system's errors.
 */
export async function openRegularFile(path: string, { follow = true } = {}): Promise<RegularFile> {
  // Opening a pipe waits for its writer, and opening a device may do something: they are not opened at all.
  checkRegular(await (follow ? stat : lstat)(path));
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (follow ? 0 : (constants.O_NOFOLLOW ?? 0));
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' && !follow ? new NotAFileError('a symbolic link') : error;
  });
  try {
    // Once more: another one may have been put in its place.
    const entry = await handle.stat();
    checkRegular(entry);
    return { handle, size: entry.size, modifiedMs: entry.mtimeMs };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The content of a file that is at most so long. Throws as {@link openRegularFile} does, and TooLongError. */
export async function readRegularFile(
  path: string,
  { most, follow = true }: { readonly most: number; readonly follow?: boolean },
): Promise<{ readonly content: Buffer; readonly modifiedMs: number }> {
  const { handle, size, modifiedMs } = await openRegularFile(path, { follow });
  try {
    if (size > most) throw new TooLongError(size, most);
    return { content: await handle.readFile(), modifiedMs };
  } finally {
    await handle.close();
  }
}

/** {@link readRegularFile} at once, for who writes at once. */
export function readRegularFileSync(path: string, { most }: { readonly most: number }): Buffer {
  checkRegular(statSync(path));
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const entry = fstatSync(descriptor);
    checkRegular(entry);
    if (entry.size > most) throw new TooLongError(entry.size, most);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Throws NotAFileError where a name stands for a device, a pipe or a socket, or leads to one: a new file of this name would be
 * put in its place, for every program of the system.
 */
export async function checkReplaceable(path: string): Promise<void> {
  const entry = await stat(path).catch(() => null);
  if (entry !== null && !entry.isDirectory()) checkRegular(entry);
}

/**
 * Removes a file, or a link; nothing happens where there is none. Unlike Node's rm it tries nothing else when the system
 * refuses, so that the error is the system's own.
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function checkRegular(entry: Stats): void {
  if (!entry.isFile()) throw new NotAFileError(kindOf(entry));
}

function kindOf(entry: Stats): string {
  if (entry.isDirectory()) return 'a folder';
  if (entry.isSymbolicLink()) return 'a symbolic link';
  if (entry.isFIFO()) return 'a pipe';
  return entry.isSocket() ? 'a socket' : 'a device';
}
