import { isAscii, isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, type Stats } from 'node:fs';
import { FileError } from '../errors.js';
import { reasonUnread } from '../system-reasons.js';
import { largestParsed, MORE_HEAP } from './heap-room.js';

/** V8's longest text is a little above; a result file of this size is none. */
const LARGEST_BYTES = 500_000_000;

/** Up to this size Node's heap is not asked. */
const SURELY_PARSED = 4_000_000;

/** So that opening a pipe does not wait for a writer; Windows has no such flag. */
const NEVER_WAIT = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The text of a result file. Throws FileError, one line, for what is no regular file (a pipe would be waited for, a device
 * never ends), cannot be read, is too large, or is no UTF-8 text; the line says what it is instead. Synchronous: of fifty
 * thousand small files, handing each to another thread and back takes longer than reading it.
 */
export function readText(path: string, room: FileRoom | null = null): string {
  const bytes = readBytes(path, room);
  // The usual case, in which there is nothing to decode; what begins with zero bytes is another encoding.
  if (bytes.length > 0 && bytes[0] !== 0 && bytes[1] !== 0 && isAscii(bytes)) return bytes.toString('latin1');
  const fault = encodingFault(bytes);
  if (fault !== null) throw new FileError({ subject: path, what: fault, remedy: 'expected a run file in UTF-8' });
  return bytes.toString('utf8');
}

/** Where the bytes of files are put, one behind the other, for somebody who needs them too. */
export class FileRoom {
  readonly bytes: ArrayBuffer;
  #used = 0;
  #last: readonly [start: number, end: number] | null = null;
  #isFull = false;

  constructor(bytes: ArrayBuffer) {
    this.bytes = bytes;
  }

  /** Whether a file that had room in an empty one did not have it here. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Where the bytes of the file that was read last are; null where it had no room. */
  get last(): readonly [start: number, end: number] | null {
    return this.#last;
  }

  /** Room for so many bytes, at least one; null where there is none. */
  take(size: number): Buffer | null {
    const start = this.#used;
    const end = start + size;
    const most = this.bytes.byteLength;
    this.#last = null;
    this.#isFull = end > most && size <= most;
    if (size === 0 || end > most) return null;
    this.#used = end;
    this.#last = [start, end];
    return Buffer.from(this.bytes, start, size);
  }
}

function readBytes(path: string, room: FileRoom | null): Buffer {
  try {
    const descriptor = openSync(path, NEVER_WAIT);
    try {
      const entry = fstatSync(descriptor);
      if (!entry.isFile())
        throw new FileError({ subject: path, what: `is ${kindOfEntry(entry)}`, remedy: 'expected a run file' });
      if (entry.size > LARGEST_BYTES) {
        throw new FileError({
          subject: path,
          found: `${entry.size} bytes`,
          expected: `a run file of at most ${LARGEST_BYTES}`,
        });
      }
      if (entry.size > SURELY_PARSED && entry.size > largestParsed()) {
        throw new FileError({
          subject: path,
          found: `${entry.size} bytes`,
          expected: `at most ${largestParsed()}, which Node's memory holds (${MORE_HEAP})`,
        });
      }
      const within = room?.take(entry.size) ?? null;
      // A file that became shorter since has to be read anew.
      if (within !== null && readSync(descriptor, within, 0, within.length, 0) === within.length) return within;
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    const reason = isSocketError(error) ? 'a socket or a device without driver' : reasonUnread(error);
    throw new FileError(
      { subject: path, what: `cannot be read (${reason})`, remedy: 'expected a run file' },
      { cause: error },
    );
  }
}

function isSocketError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENXIO' || error.code === 'ENODEV');
}

/** What a directory entry is that is no regular file, in words. */
export function kindOfEntry(entry: Stats): string {
  if (entry.isDirectory()) return 'a folder';
  if (entry.isFIFO()) return 'a named pipe';
  if (entry.isSocket()) return 'a socket';
  if (entry.isCharacterDevice() || entry.isBlockDevice()) return 'a device';
  return 'no regular file';
}

function encodingFault(bytes: Buffer): string | null {
  const [first = 0, second = 0, third = 0] = bytes;
  if (bytes.length === 0) return 'is empty';
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'begins with a byte order mark (UTF-8 with BOM)';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'is a text in UTF-16';
  if (bytes.length > 1 && (first === 0) !== (second === 0)) return 'is a text in UTF-16 without byte order mark';
  if (bytes.length > 1 && first === 0 && second === 0) return 'begins with zero bytes';
  return isUtf8(bytes) ? null : 'is no UTF-8 text';
}
