import type { RandomStream } from './stream.js';

/** n numbers, uniform between `low` and `high`, rounded to float32. */
export function uniformArray(stream: RandomStream, n: number, low: number, high: number): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = low + (high - low) * stream.uniform();
  return values;
}

/** n numbers from N(0, std²), rounded to float32. */
export function normalArray(stream: RandomStream, n: number, std: number): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = std * stream.normal();
  return values;
}

/**
 * n numbers from N(0, std²) conditioned on [−2 std, 2 std], rounded to float32: exact, by rejection (4.6 % are drawn
 * again). The standard deviation of the result is 0.8796 std.
 */
export function truncatedNormalArray(stream: RandomStream, n: number, std: number): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    let value = stream.normal();
    while (value < -2 || value > 2) value = stream.normal();
    values[i] = std * value;
  }
  return values;
}

/** Numbers that are drawn together: their bits stay in the processor's nearest memory. */
const CHUNK = 4096;

/** Calls `use` with as many random 32-bit integers as the array has places, a part of the array at a time. */
function inChunks(
  stream: RandomStream,
  values: Float32Array,
  use: (bits: Uint32Array, part: Float32Array) => void,
): void {
  const bits = new Uint32Array(Math.min(CHUNK, values.length));
  for (let begin = 0; begin < values.length; begin += CHUNK) {
    const part = values.subarray(begin, begin + CHUNK);
    stream.fillUint32(bits.length === part.length ? bits : bits.subarray(0, part.length));
    use(bits, part);
  }
}

/** Fills an array with uniform numbers in [0, 1), multiples of 2⁻²⁴: every one of them is a float32. */
export function fillUniform(stream: RandomStream, values: Float32Array): void {
  inChunks(stream, values, (bits, part) => {
    for (let i = 0; i < part.length; i++) part[i] = ((bits[i] as number) >>> 8) * 2 ** -24;
  });
}

/** Fills an array with `value` with probability `keep`, else 0, each place by itself. */
export function fillBernoulli(stream: RandomStream, values: Float32Array, keep: number, value: number): void {
  const limit = keep * 2 ** 32;
  inChunks(stream, values, (bits, part) => {
    // A product and no branch: the processor cannot guess the outcome, and guessing wrong takes longer than drawing.
    for (let i = 0; i < part.length; i++) part[i] = value * Number((bits[i] as number) < limit);
  });
}

/** Fills an array with standard normal numbers. */
export function fillNormal(stream: RandomStream, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = stream.normal();
}
