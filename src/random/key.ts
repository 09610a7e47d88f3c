/** 128 bits that identify a stream: four unsigned 32-bit words. */
export type StreamKey = Uint32Array<ArrayBuffer>;

const ROUNDS = 12;
const NUMBER_TAG = 1;
const STRING_TAG = 2;
const scratch = new DataView(new ArrayBuffer(8));
const utf8 = new TextEncoder();

/** The key that every path starts from: the first 128 fractional bits of π. */
export const ROOT_KEY: StreamKey = Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);

/**
 * The key of `part` below `parent`. Each part is absorbed into the 128-bit state, which is then mixed by the permutation
 * of Chaskey-12 (Mouha et al., SAC 2014). Numbers enter as their 64-bit floating-point pattern, strings as their length
 * and UTF-8 bytes, so that 1 and '1' differ and ('ab', 'c') differs from ('a', 'bc').
 */
export function childKey(parent: StreamKey, part: string | number): StreamKey {
  const key = parent.slice();
  if (typeof part === 'number') {
    scratch.setFloat64(0, part + 0, true);
    absorb(key, NUMBER_TAG, 8, scratch.getUint32(0, true), scratch.getUint32(4, true));
    return key;
  }
  const bytes = utf8.encode(part);
  const padded = new DataView(new ArrayBuffer(Math.max(8, Math.ceil(bytes.length / 8) * 8)));
  new Uint8Array(padded.buffer).set(bytes);
  for (let at = 0; at < padded.byteLength; at += 8) {
    absorb(key, STRING_TAG, bytes.length, padded.getUint32(at, true), padded.getUint32(at + 4, true));
  }
  return key;
}

function absorb(key: StreamKey, tag: number, length: number, low: number, high: number): void {
  let [v0 = 0, v1 = 0, v2 = 0, v3 = 0] = key;
  v0 ^= tag;
  v1 ^= length;
  v2 ^= low;
  v3 ^= high;
  for (let round = 0; round < ROUNDS; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  // Adding the old key makes the step one-way, so that a child's key does not reveal its parent's.
  key[0] = v0 ^ (key[0] as number);
  key[1] = v1 ^ (key[1] as number);
  key[2] = v2 ^ (key[2] as number);
  key[3] = v3 ^ (key[3] as number);
}
