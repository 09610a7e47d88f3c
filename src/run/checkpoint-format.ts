import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { z } from 'zod';

/** The element types that a checkpoint stores. */
export type CheckpointArray = Float32Array | Float64Array | Int32Array;

/** What a checkpoint holds: JSON, and named arrays bit by bit. */
export interface CheckpointContent {
  /** Strict JSON, so non-finite numbers must be null already. */
  readonly header: unknown;
  readonly arrays: Readonly<Record<string, CheckpointArray>>;
}

// Layout, all numbers little-endian: magic (8 bytes), version (uint32), length of the directory in bytes (uint32), SHA-256 of
// these 16 bytes and the directory (32 bytes), directory (UTF-8 JSON: { header, arrays: [{ name, type, length }] }), zeros up
// to a multiple of 8, the arrays in the directory's order, each padded to a multiple of 8, SHA-256 of everything before it.
const MAGIC = Buffer.from('PPRCKPT\n', 'latin1');
/** Version of the layout and of the header; the CHANGELOG says when it changes. */
export const CHECKPOINT_VERSION = 3;
const WORDS = 16;
const CHECKSUM = 32;
const PREAMBLE = WORDS + CHECKSUM;
const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
type TypeName = keyof typeof TYPES;

/** What is wrong with a checkpoint, as `found …, expected …`. */
export class DamagedContent extends Error {
  constructor(found: string, expected: string) {
    super(`found ${found}, expected ${expected}`);
    this.name = 'DamagedContent';
  }
}

/** A whole checkpoint of another version of the layout. */
export class OtherVersion extends Error {
  constructor(version: number) {
    super(`checkpoint version ${version}, this probprec has version ${CHECKPOINT_VERSION}`);
    this.name = 'OtherVersion';
  }
}

const directorySchema = z.object({
  header: z.unknown(),
  arrays: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(['float32', 'float64', 'int32']),
      length: z.int().nonnegative(),
    }),
  ),
});
type Directory = z.infer<typeof directorySchema>;

/** The checkpoint's bytes, in parts one after the other: the arrays of a large network are not copied for it. */
export function encodeCheckpoint({ header, arrays }: CheckpointContent): Buffer[] {
  const entries = Object.entries(arrays).map(([name, array]) => ({
    name,
    type: typeName(array),
    length: array.length,
  }));
  const directory = Buffer.from(JSON.stringify({ header, arrays: entries }), 'utf8');
  const words = Buffer.alloc(WORDS);
  MAGIC.copy(words);
  words.writeUInt32LE(CHECKPOINT_VERSION, 8);
  words.writeUInt32LE(directory.length, 12);
  const parts = [words, sha256(words, directory), directory, padding(directory.length)];
  for (const array of Object.values(arrays)) parts.push(littleEndian(array), padding(array.byteLength));
  return [...parts, sha256(...parts)];
}

/** Reads bytes at a place of a file into a new buffer at a multiple of eight; fewer when the file ends there. */
export type ReadAt = (position: number, length: number) => Promise<Buffer<ArrayBuffer>>;

/**
 * The checked header of a checkpoint of so many bytes without its arrays, for saying how far a run got. Every length is
 * compared with the file's before anything is read. Throws DamagedContent and OtherVersion.
 */
export async function readHeader(size: number, readAt: ReadAt): Promise<unknown> {
  return (await readDirectory(size, readAt)).directory.header;
}

/** The content of a checkpoint, which is as it was written, or else DamagedContent or OtherVersion is thrown. */
export async function readContent(size: number, readAt: ReadAt): Promise<CheckpointContent> {
  const { directory, start } = await readDirectory(size, readAt);
  const hash = createHash('sha256').update(await readAt(0, start));
  const arrays: [string, CheckpointArray][] = [];
  let offset = start;
  for (const { name, type, length } of directory.arrays) {
    const byteLength = length * TYPES[type].BYTES_PER_ELEMENT;
    const bytes = await readAt(offset, byteLength);
    hash.update(bytes).update(await readAt(offset + byteLength, padded(byteLength) - byteLength));
    swapOnBigEndian(bytes, TYPES[type].BYTES_PER_ELEMENT);
    arrays.push([name, new TYPES[type](bytes.buffer, bytes.byteOffset, length)]);
    offset += padded(byteLength);
  }
  checkSum(await readAt(offset, CHECKSUM), hash.digest(), `in ${size} bytes`);
  return { header: directory.header, arrays: Object.fromEntries(arrays) };
}

/** The directory, and where the arrays start. */
async function readDirectory(size: number, readAt: ReadAt): Promise<{ directory: Directory; start: number }> {
  if (size < PREAMBLE + CHECKSUM) {
    throw new DamagedContent(`${size} bytes`, `a checkpoint of at least ${PREAMBLE + CHECKSUM} bytes`);
  }
  const preamble = await readAt(0, PREAMBLE);
  const magic = preamble.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC)) {
    throw new DamagedContent(`the first bytes ${magic.toString('hex')}`, `${MAGIC.toString('hex')} (a checkpoint)`);
  }
  const version = preamble.readUInt32LE(8);
  if (version !== CHECKPOINT_VERSION) throw await otherVersion(version, size, readAt);
  const length = preamble.readUInt32LE(12);
  const most = size - PREAMBLE - CHECKSUM;
  if (length > most) throw new DamagedContent(`a header of ${length} bytes`, `at most ${most} in ${size} bytes`);
  const bytes = await readAt(PREAMBLE, length);
  checkSum(preamble.subarray(WORDS), sha256(preamble.subarray(0, WORDS), bytes), 'in the header');
  const directory = parseDirectory(bytes);
  const start = padded(PREAMBLE + length);
  const end = directory.arrays.reduce(
    (total, entry) => total + padded(entry.length * TYPES[entry.type].BYTES_PER_ELEMENT),
    start,
  );
  if (end + CHECKSUM !== size) throw new DamagedContent(`${size} bytes`, `${end + CHECKSUM} by its list of arrays`);
  return { directory, start };
}

/** A file of another version is whole when its last 32 bytes, in every version a checksum, say so; else a bit has flipped. */
async function otherVersion(version: number, size: number, readAt: ReadAt): Promise<Error> {
  const hash = createHash('sha256');
  const chunk = 1 << 20;
  for (let position = 0; position < size - CHECKSUM; position += chunk) {
    hash.update(await readAt(position, Math.min(chunk, size - CHECKSUM - position)));
  }
  const whole = hash.digest().equals(await readAt(size - CHECKSUM, CHECKSUM));
  return whole ? new OtherVersion(version) : new DamagedContent(`version ${version}`, `version ${CHECKPOINT_VERSION}`);
}

function parseDirectory(bytes: Buffer): Directory {
  let directory: Directory;
  try {
    directory = directorySchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    // A JSON text that is nested too deeply ends here as well.
    throw new DamagedContent('a header that is none', 'JSON with a header and a list of arrays');
  }
  const names = new Set(directory.arrays.map(({ name }) => name));
  if (names.size < directory.arrays.length) throw new DamagedContent('two arrays of one name', 'each name once');
  return directory;
}

function checkSum(stated: Buffer, actual: Buffer, where: string): void {
  if (stated.equals(actual)) return;
  throw new DamagedContent(
    `content with SHA-256 ${actual.toString('hex')} ${where}`,
    `${stated.toString('hex')} (cut off or changed)`,
  );
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function typeName(array: CheckpointArray): TypeName {
  return array instanceof Float32Array ? 'float32' : array instanceof Float64Array ? 'float64' : 'int32';
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function padding(length: number): Buffer {
  return Buffer.alloc(padded(length) - length);
}

function littleEndian(array: CheckpointArray): Buffer {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  if (endianness() === 'LE') return bytes;
  const copy = Buffer.from(bytes);
  swapOnBigEndian(copy, array.BYTES_PER_ELEMENT);
  return copy;
}

function swapOnBigEndian(bytes: Buffer, elementSize: number): void {
  if (endianness() === 'LE') return;
  if (elementSize === 4) bytes.swap32();
  else bytes.swap64();
}
