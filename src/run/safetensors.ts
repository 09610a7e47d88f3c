import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { z } from 'zod';
import { type Shape, sizeOf } from '../tensor/index.js';
import { DamagedContent } from './checkpoint-format.js';

/** Tensors by name with texts about them, as a file in the format safetensors (https://github.com/huggingface/safetensors). */
export interface NamedTensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, { readonly shape: Shape; readonly data: Float32Array }>>;
}

const entrySchema = z.strictObject({
  dtype: z.literal('F32'),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

/** Name of the checksum among the texts: SHA-256 of everything after the header. */
const CHECKSUM = 'data_sha256';
/** More than any test problem has names for. */
const LONGEST_HEADER = 16 * 2 ** 20;

/** The file's bytes: length of the header (uint64, little-endian), header (JSON), numbers (float32, little-endian). */
export function encodeSafetensors({ metadata, tensors }: NamedTensors): Buffer {
  let begin = 0;
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, begin + data.byteLength] };
    parts.push(littleEndian(Buffer.from(data.slice().buffer)));
    begin += data.byteLength;
  }
  const numbers = Buffer.concat(parts);
  const texts = { __metadata__: { ...metadata, [CHECKSUM]: sha256(numbers) }, ...header };
  const json = Buffer.from(JSON.stringify(texts), 'utf8');
  // The format wants the numbers to begin at a multiple of eight.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, numbers]);
}

/** The content of such a file; throws DamagedContent unless it is whole and as it was written. */
export function decodeSafetensors(bytes: Buffer): NamedTensors {
  const length = bytes.length < 8 ? 0 : Number(bytes.readBigUInt64LE(0));
  if (length < 2 || length > Math.min(bytes.length - 8, LONGEST_HEADER)) {
    throw new DamagedContent(`${bytes.length} bytes with a header of ${length}`, 'a safetensors file');
  }
  const { __metadata__: texts, ...entries } = headerOf(bytes.subarray(8, 8 + length));
  const metadata = checked(metadataSchema, texts ?? {}, '__metadata__');
  const numbers = bytes.subarray(8 + length);
  const sum = sha256(numbers);
  if (metadata[CHECKSUM] !== sum) {
    throw new DamagedContent(`numbers with SHA-256 ${sum}`, `${metadata[CHECKSUM] ?? 'one that the header states'}`);
  }
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const { shape, data_offsets } = checked(entrySchema, entry, name);
    const [begin, end] = data_offsets;
    if (end - begin !== 4 * sizeOf(shape) || end > numbers.length) {
      throw new DamagedContent(
        `${name} at bytes ${begin} to ${end}`,
        `${4 * sizeOf(shape)} of ${numbers.length} bytes`,
      );
    }
    const copy = littleEndian(Buffer.from(Uint8Array.prototype.slice.call(numbers, begin, end).buffer));
    return [name, { shape, data: new Float32Array(copy.buffer, copy.byteOffset, sizeOf(shape)) }] as const;
  });
  return { metadata, tensors: Object.fromEntries(tensors) };
}

function headerOf(json: Buffer): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(json.toString('utf8')));
  } catch {
    throw new DamagedContent('a header that is none', 'JSON with the names of tensors');
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new DamagedContent(`${name} in another form`, 'float32 with shape and data_offsets');
  return parsed.data;
}

function littleEndian(bytes: Buffer): Buffer {
  return endianness() === 'LE' ? bytes : bytes.swap32();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
