import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { DataError } from '../errors.js';
import { NotAFileError, openRegularFile } from '../regular-file.js';
import type { Words } from '../words.js';
import { FormatError } from './format-error.js';
import { ArchiveError, tarEntries } from './tar.js';

/** MD5 of a file of at most so many bytes, in hexadecimal; null if it is longer, no file, or cannot be read. */
export async function md5OfFile(path: string, most: number): Promise<string | null> {
  try {
    const { handle, size } = await openRegularFile(path);
    try {
      if (size > most) return null;
      const hash = createHash('md5');
      await pipeline(handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 }), hash);
      return hash.digest('hex');
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

/** A file of a data set as read: its own MD5 and size, and its unpacked contents by name. */
export interface ReadFile {
  readonly path: string;
  /** Null of a file that is too long to be right, which is not read to its end. */
  readonly md5: string | null;
  readonly size: number;
  readonly contents: ReadonlyMap<string, Content>;
}

/** The bytes of one content; `where` names it in messages. */
export interface Content {
  readonly where: string;
  /** All bytes, or one more than expected of a content that is too long. */
  readonly bytes: Uint8Array;
  /** How long it is; null if only more than `bytes` is known. */
  readonly size: number | null;
  readonly md5: string;
}

/** A content that is wanted of a file, and how it is stored there. */
export interface StoredContent {
  readonly name: string;
  /** Its file in an archive. */
  readonly member: string;
  /** The most bytes that it has as it is stored. */
  readonly most: number;
  /** Turns what is stored into the content. Throws FormatError. */
  decode(stored: Uint8Array): Uint8Array;
}

/** What an archive may hold besides the data: read-me files, headers, padding. */
const ARCHIVE_EXTRA = 4 << 20;

/** The most bytes that a file with these contents has. */
export function mostStoredBytes(wanted: readonly StoredContent[]): number {
  return wanted.reduce((sum, { most }) => sum + most, ARCHIVE_EXTRA);
}

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/**
 * Reads a file below `dataDir`: one content, plain or packed with gzip, or a tar archive of several. Sizes are checked
 * first: no more is read or unpacked than the wanted contents can have. Throws DataError if it cannot be read or unpacked;
 * `remedy` ends the message.
 */
export async function readDataFile(
  dataDir: string,
  path: string,
  wanted: readonly StoredContent[],
  remedy: Words,
): Promise<ReadFile> {
  const where = join(dataDir, path);
  try {
    const { handle, size } = await openRegularFile(where);
    try {
      const packed = await startsLikeGzip(handle);
      const [content] = wanted;
      if (!packed && path.endsWith('.gz')) await checkUnpacked(handle, wanted.length === 1 && size === content?.most);
      const most = mostStoredBytes(wanted);
      if (packed && size > most) throw new ArchiveError(`found ${size} bytes, expected at most ${most}`);
      return content !== undefined && wanted.length === 1
        ? await readSingle(handle, { where, remedy, path, size, packed }, content)
        : await readArchive(handle, { where, remedy, path, size, packed }, wanted, most);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError({ subject: where, what: reasonOf(error), remedy }, { cause: error });
  }
}

interface OpenedFile {
  readonly where: string;
  readonly remedy: Words;
  readonly path: string;
  readonly size: number;
  readonly packed: boolean;
}

async function startsLikeGzip(handle: FileHandle): Promise<boolean> {
  const bytes = await readStart(handle, 2);
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A .gz that is not packed may be one that a browser has unpacked and named as before. */
async function checkUnpacked(handle: FileHandle, rightSize: boolean): Promise<void> {
  const start = new TextDecoder('latin1').decode(await readStart(handle, 262));
  if (/^\s*<(!doctype|html|\?xml)/i.test(start)) throw new ArchiveError('found a web page, perhaps for logging in');
  if (!rightSize && !start.endsWith('ustar')) throw new ArchiveError('not valid gzip data, the file is corrupt');
}

async function readStart(handle: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function readSingle(handle: FileHandle, file: OpenedFile, content: StoredContent): Promise<ReadFile> {
  const { path, size, packed } = file;
  const whole = packed || size <= content.most;
  const bytes = await readStart(handle, whole ? size : content.most + 1);
  const md5 = whole ? md5Of(bytes) : null;
  const stored = packed ? await promisify(gunzip)(bytes, { maxOutputLength: content.most + 1 }) : bytes;
  const length = packed && stored.length > content.most ? null : Math.max(stored.length, packed ? 0 : size);
  return { path, md5, size, contents: new Map([[content.name, decoded(file, content, stored, length)]]) };
}

async function readArchive(
  handle: FileHandle,
  { where, remedy, path, size, packed }: OpenedFile,
  wanted: readonly StoredContent[],
  most: number,
): Promise<ReadFile> {
  const hash = createHash('md5');
  const contents = new Map<string, Content>();
  const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    const limits = new Map(wanted.map((content) => [content.member, content.most + 1]));
    for await (const entry of tarEntries(chunks, { wanted: limits, most })) {
      for (const content of wanted.filter(({ member }) => member === entry.name)) {
        contents.set(
          content.name,
          decoded({ where: `${where} (${entry.name})`, remedy }, content, entry.bytes, entry.size),
        );
      }
    }
  };
  const source = handle.createReadStream({ start: 0, end: size, autoClose: false, highWaterMark: 1 << 20 });
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  if (packed) await pipeline(source, hashed, createGunzip({ chunkSize: 1 << 20 }), collect);
  else await pipeline(source, hashed, collect);
  return { path, md5: hash.digest('hex'), size, contents };
}

/** A content out of what is stored; one that is too long stays as it is, to be refused for its length. */
function decoded(
  { where, remedy }: { readonly where: string; readonly remedy: Words },
  content: StoredContent,
  stored: Uint8Array,
  size: number | null,
): Content {
  const tooLong = size === null || size > content.most;
  try {
    const bytes = tooLong ? stored : content.decode(stored);
    return { where, bytes, size: tooLong ? size : bytes.length, md5: md5Of(bytes) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new DataError({ subject: where, found: error.message, remedy }, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: 'the compressed data ends too early, the file is truncated',
  Z_DATA_ERROR: 'not valid gzip data, the file is corrupt',
  ERR_BUFFER_TOO_LARGE: 'unpacks to more bytes than the data set has',
  EACCES: 'no permission to read it',
  EISDIR: 'found a folder, expected a file',
  ELOOP: 'its symbolic link leads to itself',
  ENOENT: 'no such file',
};

function reasonOf(error: unknown): string {
  if (error instanceof NotAFileError || error instanceof ArchiveError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? `cannot be read (${error.message.split('\n')[0]})`;
}
