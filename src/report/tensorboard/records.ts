import { crc32c } from './crc32c.js';

/**
 * TensorFlow's record format (tensorflow/core/lib/io/record_writer.h): length as 64 bits, its masked checksum, the bytes,
 * their masked checksum; little endian.
 */
export function frameRecord(data: Uint8Array): Buffer {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** The whole records at the beginning of a file, and where each begins. What a killed process left behind them is not read. */
export function* readRecords(file: Buffer): Generator<{ readonly start: number; readonly data: Buffer }> {
  let start = 0;
  while (start + 16 <= file.length) {
    const length = Number(file.readBigUInt64LE(start));
    const end = start + length + 16;
    if (end > file.length || file.readUInt32LE(start + 8) !== maskedCrc(file.subarray(start, start + 8))) return;
    const data = file.subarray(start + 12, end - 4);
    if (file.readUInt32LE(end - 4) !== maskedCrc(data)) return;
    yield { start, data };
    start = end;
  }
}

/** A checksum of data that hold checksums is masked: rotated and shifted (crc32c.h, kMaskDelta). */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
