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
