import { expect } from 'vitest';

/** What a summary of an event file holds, as TensorFlow's event.proto, summary.proto and tensor.proto have it. */
export interface ReadEvent {
  readonly time: number;
  readonly step: number;
  readonly version: string | null;
  readonly session: number | null;
  readonly tag: string | null;
  readonly plugin: string | null;
  readonly content: Buffer | null;
  readonly value: number | string | null;
}

/** CRC-32C bit by bit, by its definition. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return Number(crc ^ 0xffffffffn);
}

/** A whole event file, parsed from the specification of its format with every checksum checked. */
export function readEventFile(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  const masked = (bytes: Buffer) => {
    const crc = BigInt(slowCrc32c(bytes));
    return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
  };
  for (let start = 0; start < file.length; ) {
    const length = Number(file.readBigUInt64LE(start));
    const data = file.subarray(start + 12, start + 12 + length);
    expect(file.readUInt32LE(start + 8)).toBe(masked(file.subarray(start, start + 8)));
    expect(file.readUInt32LE(start + 12 + length)).toBe(masked(data));
    events.push(eventOf(data));
    start += length + 16;
  }
  return events;
}

function eventOf(data: Buffer): ReadEvent {
  const event = fieldsOf(data);
  const value = message(message(event.get(5))?.get(1));
  const metadata = message(value?.get(9));
  const plugin = message(metadata?.get(1));
  return {
    time: doubleOf(event.get(1)),
    step: Number(event.get(2)?.[0] ?? 0),
    version: text(event.get(3)),
    session: event.has(7) ? Number(message(event.get(7))?.get(1)?.[0]) : null,
    tag: text(value?.get(1)),
    plugin: text(plugin?.get(1)),
    content: (plugin?.get(2)?.[0] as Buffer | undefined) ?? null,
    value: tensorValue(message(value?.get(8))),
  };
}

/** Of a tensor without dimensions: one double or one text. */
function tensorValue(tensor: Fields | null): number | string | null {
  if (tensor === null || Number(tensor.get(1)?.[0]) === 1) return null;
  expect(tensor.get(2)).toEqual([Buffer.alloc(0)]);
  const type = Number(tensor.get(1)?.[0]);
  if (type === 2) return doubleOf(tensor.get(6));
  expect(type).toBe(7);
  return text(tensor.get(8));
}

type Fields = ReadonlyMap<number, (bigint | Buffer)[]>;

/** The fields of a protobuf message: varints as numbers, everything else as bytes. */
export function fieldsOf(data: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let place = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[place++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number) => {
    place += length;
    expect(place).toBeLessThanOrEqual(data.length);
    return data.subarray(place - length, place);
  };
  while (place < data.length) {
    const key = Number(varint());
    const type = key & 7;
    expect([0, 1, 2, 5]).toContain(type);
    const value = type === 0 ? varint() : bytes(type === 1 ? 8 : type === 5 ? 4 : Number(varint()));
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

/** A double: eight bytes, alone or packed. */
function doubleOf(values: (bigint | Buffer)[] | undefined): number {
  const [bytes] = values ?? [];
  if (!(bytes instanceof Buffer)) throw new Error('found no double');
  return bytes.readDoubleLE();
}

function message(values: (bigint | Buffer)[] | undefined): Fields | null {
  return values?.[0] instanceof Buffer ? fieldsOf(values[0]) : null;
}

function text(values: (bigint | Buffer)[] | undefined): string | null {
  return values?.[0] instanceof Buffer ? values[0].toString('utf8') : null;
}
