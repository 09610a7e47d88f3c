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

/** A checksum of data that hold checksums is masked: rotated and shifted (crc32c.h, kMaskDelta). */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
