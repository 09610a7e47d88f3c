import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { reasonOf } from './atomic-file.js';

/** V8's longest text is a little above; a result file of this size is none. */
const LARGEST_BYTES = 500_000_000;

/**
 * The text of a result file. Throws FileError, one line, for what is no regular file (a pipe would be waited for, a device
 * never ends), cannot be read, is too large, or is no UTF-8 text; the line says what it is instead.
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  const fault = encodingFault(bytes);
  if (fault !== null) throw new FileError(`${path}: ${fault}; expected a run file in UTF-8`);
  return bytes.toString('utf8');
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Before it is opened: the opening of a pipe waits for a writer.
    const entry = await stat(path);
    if (!entry.isFile()) throw new FileError(`${path}: is ${kindOfEntry(entry)}; expected a run file`);
    if (entry.size > LARGEST_BYTES) {
      throw new FileError(`${path}: found ${entry.size} bytes, expected a run file of at most ${LARGEST_BYTES}`);
    }
    const handle = await open(path, 'r');
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`${path}: cannot be read (${reasonOf(error)}); expected a run file`, { cause: error });
  }
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
