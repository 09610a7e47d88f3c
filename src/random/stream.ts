import { childKey, ROOT_KEY, type StreamKey } from './key.js';

const TWO_32 = 0x1_0000_0000;
const TWO_53 = 0x20_0000_0000_0000;

/**
 * An independent, named sequence of random numbers: xoshiro128** (Blackman and Vigna 2021), whose 128-bit state is the
 * stream's key. The key comes from the seed and the path alone, so nothing of a stream ever has to be saved: ask for the
 * same path and the same numbers come again, on every platform.
 */
export class RandomStream {
  readonly #key: StreamKey;
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;
  #spareNormal: number | null = null;

  /** Use {@link randomStream}; `key` must not be changed afterwards. */
  constructor(key: StreamKey) {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = key;
    this.#key = key;
    this.#s0 = s0 | 0;
    this.#s1 = s1 | 0;
    this.#s2 = s2 | 0;
    this.#s3 = (s0 | s1 | s2 | s3) === 0 ? 1 : s3 | 0;
  }

  /**
   * The stream one step further down the path: `randomStream(7, 'augment', 3).child(12)` is
   * `randomStream(7, 'augment', 3, 12)`. It depends on this stream's path only, not on how many numbers were drawn, and
   * costs well under a microsecond for a number, so that every image of an epoch can have its own stream.
   */
  child(part: string | number): RandomStream {
    return new RandomStream(childKey(this.#key, part));
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    const product = Math.imul(this.#s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /** Fills an array with what as many calls of {@link uint32} would give, several times faster. */
  fillUint32(values: Uint32Array): void {
    let [s0, s1, s2, s3] = [this.#s0, this.#s1, this.#s2, this.#s3];
    for (let i = 0; i < values.length; i++) {
      const product = Math.imul(s1, 5);
      values[i] = Math.imul((product << 7) | (product >>> 25), 9);
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
    }
    [this.#s0, this.#s1, this.#s2, this.#s3] = [s0, s1, s2, s3];
  }

  /** A uniform number in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return this.#uint53() / TWO_53;
  }

  /** A uniform integer in [0, n), without bias (by rejection); n is an integer from 1 to 2⁵³. */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= TWO_53)) {
      throw new RangeError(`RandomStream.integer got ${n}; expected an integer from 1 to 2^53.`);
    }
    if (n <= TWO_32) {
      const limit = TWO_32 - (TWO_32 % n);
      let value = this.uint32();
      while (value >= limit) value = this.uint32();
      return value % n;
    }
    const limit = TWO_53 - (TWO_53 % n);
    let value = this.#uint53();
    while (value >= limit) value = this.#uint53();
    return value % n;
  }

  /** A standard normal number, by Marsaglia's polar method; every second one comes from the pair before. */
  normal(): number {
    if (this.#spareNormal !== null) {
      const value = this.#spareNormal;
      this.#spareNormal = null;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square < 1 && square > 0) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spareNormal = y * factor;
        return x * factor;
      }
    }
  }

  /** The numbers 0 … n−1 in a uniformly random order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, index) => index);
    for (let last = n - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const value = order[last] as number;
      order[last] = order[other] as number;
      order[other] = value;
    }
    return order;
  }

  #uint53(): number {
    return (this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6);
  }
}

/**
 * The random stream of a seed and a path, for example `randomStream(seed, 'shuffle', epoch)`. Same arguments, same
 * numbers; different arguments, independent numbers. To draw from many paths with a common beginning, make the beginning
 * once and take its {@link RandomStream.child}.
 */
export function randomStream(seed: number, ...path: (string | number)[]): RandomStream {
  return new RandomStream([seed, ...path].reduce(childKey, ROOT_KEY));
}
