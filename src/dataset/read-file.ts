import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { type Extract, extract } from 'tar-stream';
import { DataError } from '../errors.js';

/** A file of a data set as read: its own MD5 and size, and its unpacked contents by name. */
export interface ReadFile {
  readonly path: string;
  readonly md5: string;
  readonly size: number;
  readonly contents: ReadonlyMap<string, Content>;
}

/** The bytes of one content; `where` names it in messages. */
export interface Content {
  readonly where: string;
  readonly bytes: Uint8Array;
  readonly md5: string;
}

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** MD5 of a file, in hexadecimal; null if it cannot be read. */
export async function md5OfFile(path: string): Promise<string | null> {
  const hash = createHash('md5');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch {
    return null;
  }
  return hash.digest('hex');
}

/**
 * Reads a plain, .gz or .tar.gz file below `dataDir`. `sizes` gives the contents that are wanted and their sizes in
 * bytes, to bound what unpacking may take. Throws DataError if it cannot be read or unpacked; `remedy` ends the message.
 */
export async function readDataFile(
  dataDir: string,
  path: string,
  sizes: ReadonlyMap<string, number>,
  remedy: string,
): Promise<ReadFile> {
  const where = join(dataDir, path);
  try {
    if (path.endsWith('.tar.gz')) return await readArchive(where, path, sizes);
    const bytes = await readFile(where);
    const md5 = md5Of(bytes);
    const [name = ''] = sizes.keys();
    if (!path.endsWith('.gz')) {
      return { path, md5, size: bytes.length, contents: new Map([[name, { where, bytes, md5 }]]) };
    }
    const unpacked = await promisify(gunzip)(bytes, { maxOutputLength: (sizes.get(name) ?? 0) + 1 });
    const content = { where, bytes: unpacked, md5: md5Of(unpacked) };
    return { path, md5, size: bytes.length, contents: new Map([[name, content]]) };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${where}: ${reasonOf(error)}; ${remedy}.`, { cause: error });
  }
}

type Entry = Extract extends AsyncIterable<infer Each> ? Each : never;

async function readArchive(where: string, path: string, sizes: ReadonlyMap<string, number>): Promise<ReadFile> {
  const hash = createHash('md5');
  let size = 0;
  const contents = new Map<string, Content>();
  const entries = extract();
  const reading = pipeline(
    createReadStream(where, { highWaterMark: 1 << 20 }),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createGunzip({ chunkSize: 1 << 20 }),
    entries,
  );
  const collecting = (async () => {
    for await (const entry of entries) {
      const name = basename(entry.header.name);
      const expected = sizes.get(name);
      if (expected === undefined || entry.header.type !== 'file') {
        entry.resume();
        continue;
      }
      const bytes = await collect(entry, Math.min(entry.header.size ?? 0, expected + 1));
      contents.set(name, { where: `${where} (${name})`, bytes, md5: md5Of(bytes) });
    }
  })();
  const failures = (await Promise.allSettled([reading, collecting])).filter((result) => result.status === 'rejected');
  if (failures[0] !== undefined) throw failures[0].reason;
  return { path, md5: hash.digest('hex'), size, contents };
}

/** The first `size` bytes of an archive's entry, all of which is read. */
function collect(entry: Entry, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  return new Promise((resolve, reject) => {
    entry.on('data', (chunk) => {
      if (!(chunk instanceof Uint8Array)) return;
      const part = chunk.subarray(0, size - filled);
      bytes.set(part, filled);
      filled += part.length;
    });
    entry.on('end', () => resolve(bytes.subarray(0, filled)));
    entry.on('error', reject);
    entry.on('close', () => reject(new Error('the archive ends within a file')));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: 'the compressed data ends too early, the file is truncated',
  Z_DATA_ERROR: 'not valid gzip data, the file is corrupt',
  ERR_BUFFER_TOO_LARGE: 'unpacks to more bytes than the data set has',
  EACCES: 'no permission to read it',
  EISDIR: 'found a folder, expected a file',
  ENOENT: 'no such file',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? `cannot be read (${error.message.split('\n')[0]})`;
}
