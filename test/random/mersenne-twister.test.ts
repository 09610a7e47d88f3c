import { describe, expect, it } from 'vitest';
import { MersenneTwister } from '../../src/random/index.js';

/** Agrees to the last bit or the one before it: NumPy and V8 may round the logarithm differently. */
function expectClose(actual: readonly number[], golden: readonly number[]): void {
  expect(actual.length).toBe(golden.length);
  for (const [i, value] of golden.entries()) {
    expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(value)));
  }
}

const times = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

describe('MersenneTwister gives the numbers of NumPy 1.24', () => {
  it('randomSample', () => {
    const generator = new MersenneTwister(42);
    // numpy.random.RandomState(42).random_sample(4)
    expect(times(4, () => generator.randomSample())).toEqual([
      0.3745401188473625, 0.9507143064099162, 0.7319939418114051, 0.5986584841970366,
    ]);
    // numpy.random.RandomState(42).random_sample(1000)[-1]: past the first block of 624 words
    expect(times(996, () => generator.randomSample()).at(-1)).toBe(0.44600577295795574);
  });

  it('uniform, with the largest seed', () => {
    const generator = new MersenneTwister(2 ** 32 - 1);
    // numpy.random.RandomState(2**32 - 1).uniform(30, 60, 3)
    expect(times(3, () => generator.uniform(30, 60))).toEqual([
      32.928960869820415, 57.371485359078655, 53.67105905554919,
    ]);
  });

  it('standardNormal', () => {
    const generator = new MersenneTwister(0);
    // numpy.random.RandomState(0).standard_normal(5)
    expectClose(
      times(5, () => generator.standardNormal()),
      [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458, 1.8675579901499675],
    );
    const long = new MersenneTwister(42);
    // numpy.random.RandomState(42).standard_normal(100001)[-1]
    expectClose(times(100_001, () => long.standardNormal()).slice(-1), [1.0305945879905796]);
  });

  it('keeps the cached normal number across uniform draws', () => {
    const r = new MersenneTwister(42);
    // r = numpy.random.RandomState(42); r.standard_normal(3), r.uniform(0, 1, 2), r.standard_normal(2)
    expectClose(
      times(3, () => r.standardNormal()),
      [0.4967141530112327, -0.13826430117118466, 0.6476885381006925],
    );
    expectClose(
      times(2, () => r.uniform(0, 1)),
      [0.15601864044243652, 0.15599452033620265],
    );
    expectClose(
      times(2, () => r.standardNormal()),
      [1.5230298564080254, 1.5792128155073915],
    );
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN])('refuses the seed %d', (seed) => {
    expect(() => new MersenneTwister(seed)).toThrow(RangeError);
  });
});
