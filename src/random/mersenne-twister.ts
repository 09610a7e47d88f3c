const LENGTH = 624;
const SHIFT = 397;

/**
 * NumPy's legacy generator `numpy.random.RandomState(seed)`: MT19937 (Matsumoto and Nishimura 1998) seeded by
 * `init_genrand`, 53-bit uniform numbers and polar normal numbers. Same numbers in the same order as NumPy; normal
 * numbers may differ in the last bit where the two logarithms round differently.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(LENGTH);
  #position = LENGTH;
  #spareNormal: number | null = null;

  /** `seed` is an integer from 0 to 2³² − 1, as NumPy demands. */
  constructor(seed: number) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= 0xffff_ffff)) {
      throw new RangeError(`MersenneTwister got the seed ${seed}; expected an integer from 0 to 2^32 - 1.`);
    }
    let word = seed;
    for (let i = 0; i < LENGTH; i++) {
      this.#state[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
  }

  /** `RandomState.random_sample()`: uniform in [0, 1), 53 bits. */
  randomSample(): number {
    const high = this.#uint32() >>> 5;
    const low = this.#uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /** `RandomState.uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.randomSample();
  }

  /** `RandomState.standard_normal()`; `RandomState.normal(loc, scale)` is `loc + scale * standardNormal()`. */
  standardNormal(): number {
    if (this.#spareNormal !== null) {
      const value = this.#spareNormal;
      this.#spareNormal = null;
      return value;
    }
    for (;;) {
      const x = 2 * this.randomSample() - 1;
      const y = 2 * this.randomSample() - 1;
      const square = x * x + y * y;
      if (square < 1 && square !== 0) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spareNormal = factor * x;
        return factor * y;
      }
    }
  }

  #uint32(): number {
    if (this.#position === LENGTH) this.#twist();
    let value = this.#state[this.#position] as number;
    this.#position += 1;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    value ^= value >>> 18;
    return value >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < LENGTH; i++) {
      const joined = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % LENGTH] as number) & 0x7fffffff);
      const odd = (joined & 1) === 0 ? 0 : 0x9908b0df;
      state[i] = (state[(i + SHIFT) % LENGTH] as number) ^ (joined >>> 1) ^ odd;
    }
    this.#position = 0;
  }
}
