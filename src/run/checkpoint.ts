import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FileError } from '../errors.js';
import { hashConfiguration, type RunConfiguration, settingPath, writeFileAtomic } from '../results/index.js';

/** The part of a checkpoint that is JSON: whose it is, how far it got, and what the run has to remember. */
export interface CheckpointHeader {
  readonly configurationHash: string;
  /** Epochs that are trained completely. */
  readonly epoch: number;
  /** Lists and counters; strict JSON, so non-finite numbers must be null already. */
  readonly [key: string]: unknown;
}

/** The element types that a checkpoint stores. */
export type CheckpointArray = Float32Array | Float64Array | Int32Array;

/** The state of a run between two epochs: enough to go on with exactly the same numbers. */
export interface Checkpoint {
  readonly header: CheckpointHeader;
  readonly arrays: Readonly<Record<string, CheckpointArray>>;
}

// Layout, all numbers little-endian: magic (8 bytes), version (uint32), length of the directory in bytes (uint32),
// directory (UTF-8 JSON: { header, arrays: [{ name, type, length }] }), zeros up to a multiple of 8, the arrays in the
// directory's order, each padded to a multiple of 8, SHA-256 of everything before it (32 bytes).
const MAGIC = Buffer.from('PPRCKPT\n', 'latin1');
const VERSION = 1;
const PREAMBLE = 16;
const CHECKSUM = 32;
const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
type TypeName = keyof typeof TYPES;

interface ArrayEntry {
  readonly name: string;
  readonly type: TypeName;
  readonly length: number;
}

/** Where the run of this configuration keeps its checkpoint: in the setting's folder, named by seed and hash. */
export function checkpointPath(outputDir: string, configuration: RunConfiguration): string {
  const name = `random_seed__${configuration.seed}__${hashConfiguration(configuration).slice(0, 12)}.checkpoint`;
  return join(settingPath(outputDir, configuration), name);
}

/** Writes a checkpoint atomically: after a crash the file is the previous checkpoint or this one. Throws OutputError. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const entries: ArrayEntry[] = Object.entries(checkpoint.arrays).map(([name, array]) => ({
    name,
    type: typeName(array),
    length: array.length,
  }));
  const directory = Buffer.from(JSON.stringify({ header: checkpoint.header, arrays: entries }), 'utf8');
  const preamble = Buffer.alloc(PREAMBLE);
  MAGIC.copy(preamble);
  preamble.writeUInt32LE(VERSION, 8);
  preamble.writeUInt32LE(directory.length, 12);
  const parts = [preamble, directory, padding(directory.length)];
  for (const array of Object.values(checkpoint.arrays)) {
    parts.push(littleEndian(array), padding(array.byteLength));
  }
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  await writeFileAtomic(path, Buffer.concat([...parts, hash.digest()]));
}

/**
 * Reads a checkpoint. Throws FileError, which names the file, what was found and what was expected, when it is no
 * checkpoint, of another version, cut off or changed; a damaged checkpoint is never used in part.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FileError(`${path}: cannot be read (${reason}); expected a checkpoint`, { cause: error });
  }
  const damaged = (found: string, expected: string) =>
    new FileError(`${path}: found ${found}, expected ${expected}; delete the file to start the run from the beginning`);
  if (bytes.length < PREAMBLE + CHECKSUM) {
    throw damaged(`${bytes.length} bytes`, `a checkpoint of at least ${PREAMBLE + CHECKSUM} bytes`);
  }
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged(`the first bytes ${bytes.subarray(0, 8).toString('hex')}`, `${MAGIC.toString('hex')} (a checkpoint)`);
  }
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) throw damaged(`checkpoint version ${version}`, `version ${VERSION}`);
  const content = bytes.subarray(0, bytes.length - CHECKSUM);
  const expected = bytes.subarray(bytes.length - CHECKSUM).toString('hex');
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== expected) {
    throw damaged(`content with SHA-256 ${actual} in ${bytes.length} bytes`, `${expected} (cut off or changed)`);
  }
  return parseContent(content);
}

/**
 * The header of a checkpoint without its arrays, quickly and unchecked: for saying how far a run got, not for going on
 * from it. Null when there is none or it is damaged.
 */
export async function readCheckpointHeader(path: string): Promise<CheckpointHeader | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const preamble = Buffer.alloc(PREAMBLE);
    await handle.read(preamble, 0, PREAMBLE, 0);
    if (!preamble.subarray(0, MAGIC.length).equals(MAGIC) || preamble.readUInt32LE(8) !== VERSION) return null;
    const directory = Buffer.alloc(preamble.readUInt32LE(12));
    await handle.read(directory, 0, directory.length, PREAMBLE);
    return (JSON.parse(directory.toString('utf8')) as { header: CheckpointHeader }).header;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Parses content whose checksum is right, so that it is what {@link writeCheckpoint} wrote. */
function parseContent(content: Buffer): Checkpoint {
  const directoryLength = content.readUInt32LE(12);
  const directory: { header: CheckpointHeader; arrays: ArrayEntry[] } = JSON.parse(
    content.toString('utf8', PREAMBLE, PREAMBLE + directoryLength),
  );
  const arrays: Record<string, CheckpointArray> = {};
  let offset = padded(PREAMBLE + directoryLength);
  for (const { name, type, length } of directory.arrays) {
    const byteLength = length * TYPES[type].BYTES_PER_ELEMENT;
    const copy = Buffer.from(Uint8Array.prototype.slice.call(content, offset, offset + byteLength).buffer);
    swapOnBigEndian(copy, TYPES[type].BYTES_PER_ELEMENT);
    arrays[name] = new TYPES[type](copy.buffer, copy.byteOffset, length);
    offset += padded(byteLength);
  }
  return { header: directory.header, arrays };
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

/** Removes a checkpoint that is no longer needed, and what a writer of it that was killed has left. */
export async function removeCheckpoint(path: string): Promise<void> {
  const folder = dirname(path);
  const leftovers = (await readdir(folder)).filter(
    (name) => name.startsWith(`.${basename(path)}.`) && name.endsWith('.tmp'),
  );
  for (const name of [basename(path), ...leftovers]) await rm(join(folder, name), { force: true });
}
