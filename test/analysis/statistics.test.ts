import { describe, expect, test } from 'vitest';
import {
  bootstrapInterval,
  holm,
  type Interval,
  mean,
  pairedDifference,
  percentileInterval,
  performanceProfiles,
  populationStd,
  quantile,
  sampleStd,
  signFlipTest,
  studentInterval,
  summarise,
} from '../../src/analysis/index.js';
import { bootstrapIntervals } from '../../src/analysis/intervals.js';
import { logGamma, studentCumulative, studentQuantile } from '../../src/distributions.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';

describe("Student's distribution", () => {
  // scipy.stats.t.ppf(p, v), SciPy 1.x
  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.975, 9, 2.262157162798205],
    [0.975, 9.5, 2.2441374614922958],
    [0.995, 4, 4.604094871349993],
    [0.6, 3, 0.2766706623326899],
    [0.9999, 30, 4.23398595727206],
  ])('quantile %d with %d degrees of freedom', (p, v, expected) => {
    expect(studentQuantile(p, v)).toBeCloseTo(expected, 9);
    expect(studentQuantile(1 - p, v)).toBeCloseTo(-expected, 9);
    expect(studentCumulative(studentQuantile(p, v), v)).toBeCloseTo(p, 12);
  });

  test('refuses what is no probability', () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.5, 0)).toThrow(RangeError);
  });

  test('with one degree of freedom is the Cauchy distribution', () => {
    for (const t of [-3, -0.5, 0, 0.1, 7]) {
      expect(studentCumulative(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 13);
    }
  });

  test('logGamma of whole numbers is the factorial', () => {
    expect(logGamma(6)).toBeCloseTo(Math.log(120), 13);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(logGamma(0.25)).toBeCloseTo(Math.log(3.625609908221908), 13);
  });
});

describe('a summary', () => {
  // np.mean, np.std(ddof=1), np.std, np.percentile of [3, 1, 4, 1, 5, 9, 2, 6]
  test("agrees with NumPy's", () => {
    const summary = summarise([3, 1, 4, 1, 5, 9, 2, 6]);
    expect(summary).toMatchObject({ n: 8, mean: 3.875, median: 3.5, minimum: 1, maximum: 9 });
    expect(summary.sampleStd).toBeCloseTo(2.748376143938713, 12);
    expect(summary.populationStd).toBeCloseTo(2.5708704751503917, 12);
    expect([summary.lowerQuartile, summary.upperQuartile]).toEqual([1.75, 5.25]);
  });

  test('of one value has no sample standard deviation, of nothing has nothing', () => {
    expect(summarise([2])).toMatchObject({ n: 1, mean: 2, sampleStd: null, populationStd: 0, median: 2 });
    expect(summarise([])).toMatchObject({ n: 0, mean: null, populationStd: null, median: null, maximum: null });
  });

  test('quantiles next to infinity', () => {
    expect(quantile([1, 2, Number.POSITIVE_INFINITY], 0.5)).toBe(2);
    expect(quantile([1, Number.POSITIVE_INFINITY], 0.5)).toBe(Number.POSITIVE_INFINITY);
    expect(quantile([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('intervals', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];

  test("Student's", () => {
    // scipy.stats.t.interval(0.95, 7, mean, sem)
    const interval = studentInterval(values);
    expect(interval?.low).toBeCloseTo(1.5773000431592457, 9);
    expect(interval?.high).toBeCloseTo(6.172699956840754, 9);
    expect(studentInterval([1])).toBeNull();
    expect(studentInterval([2, 2])).toMatchObject({ low: 2, high: 2 });
  });

  test('the bootstrap is the same again, and another with another stream', () => {
    expect(bootstrapInterval(values)).toEqual(bootstrapInterval(values));
    expect(bootstrapInterval(values, { stream: 'other' })).not.toEqual(bootstrapInterval(values));
  });

  test('too few or equal values fall back to Student', () => {
    expect(bootstrapInterval([1, 2, 3])).toEqual(studentInterval([1, 2, 3]));
    expect(bootstrapInterval(Array(10).fill(2))).toMatchObject({ low: 2, high: 2, method: 't' });
    expect(bootstrapInterval([1])).toBeNull();
    expect(percentileInterval([1])).toBeNull();
  });

  test('a shifted and scaled sample has the shifted and scaled interval', () => {
    const plain = bootstrapInterval(values);
    const other = bootstrapInterval(values.map((value) => 10 - 0.001 * value));
    expect(plain?.method).toBe('bootstrap-t');
    // Mirrored: the lower end comes from the upper tail.
    expect(other?.low).toBeCloseTo(10 - 0.001 * (plain?.high ?? 0), 9);
    expect(other?.high).toBeCloseTo(10 - 0.001 * (plain?.low ?? 0), 9);
  });
});

/** The share of samples of ten whose interval holds the true mean. */
function coverage(
  draw: (random: RandomStream) => number,
  trueMean: number,
  interval: (values: number[]) => Interval | null,
): number {
  const samples = 3000;
  const random = randomStream(11, 'coverage');
  let covered = 0;
  for (let sample = 0; sample < samples; sample++) {
    const found = interval(Array.from({ length: 10 }, () => draw(random)));
    if (found !== null && found.low <= trueMean && trueMean <= found.high) covered++;
  }
  return covered / samples;
}

const exponential = (random: RandomStream) => -Math.log(1 - random.uniform());
const gamma4 = (random: RandomStream) =>
  exponential(random) + exponential(random) + exponential(random) + exponential(random);
const normal = (random: RandomStream) => random.normal();

/** 3,000 samples have a standard error of 0.4 points; docs/analysis.md has a larger table. */
describe('95 % intervals of the mean of ten values', () => {
  const bootstrap = (values: number[]) => bootstrapInterval(values, { resamples: 499 });

  test.each<[string, (random: RandomStream) => number, number]>([
    ['normal', normal, 0],
    ['gamma of shape 4', gamma4, 4],
  ])('cover 93 to 97 % of %s samples', (_, draw, trueMean) => {
    for (const interval of [bootstrap, studentInterval]) {
      const share = coverage(draw, trueMean, interval);
      expect(share).toBeGreaterThanOrEqual(0.93);
      expect(share).toBeLessThanOrEqual(0.97);
    }
  });

  test('of skewed samples: the bootstrap-t covers more than Student, the percentile bootstrap is too short', () => {
    const share = coverage(exponential, 1, bootstrap);
    expect(share).toBeGreaterThan(0.91);
    expect(share).toBeGreaterThan(coverage(exponential, 1, studentInterval) + 0.02);
    expect(coverage(normal, 0, (values) => percentileInterval(values, { resamples: 299 }))).toBeLessThan(0.92);
  });
});

describe('the sign-flip test', () => {
  test('by hand', () => {
    // |1 + 2 + 3 − 1| = 5: of 16 patterns those with |sum| ≥ 5 are 7, 5 and 5 (the other signs of ±1), and their mirrors.
    expect(signFlipTest([1, 2, 3, -1])).toMatchObject({ pValue: 6 / 16, smallestPossible: 1 / 8 });
    expect(signFlipTest([1, 1, 1])).toMatchObject({ pValue: 0.25, smallestPossible: 0.25, method: 'sign-flip exact' });
    expect(signFlipTest([0, 0, 0]).pValue).toBe(1);
    expect(signFlipTest([0.1, 0.2, -0.3]).pValue).toBe(1);
  });

  test('beyond 16 differences samples patterns', () => {
    const differences = Array.from({ length: 20 }, (_, index) => 1 + index / 100);
    expect(signFlipTest(differences)).toMatchObject({ method: 'sign-flip sampled', pValue: expect.closeTo(2e-5, 4) });
    expect(signFlipTest(differences.map((value, index) => (index % 2 ? value : -value))).pValue).toBeGreaterThan(0.8);
  });

  test.each([5, 6, 10])('keeps its level with %d seeds', (seeds) => {
    const random = randomStream(12, 'level', seeds);
    let rejected = 0;
    for (let sample = 0; sample < 2000; sample++) {
      const differences = Array.from({ length: seeds }, () => random.normal() * (1 + random.integer(3)));
      if (signFlipTest(differences).pValue <= 0.05) rejected++;
    }
    // At most 5 % and three standard errors; with 5 seeds p < 0.05 is impossible.
    expect(rejected / 2000).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 2000));
    if (seeds === 5) expect(rejected).toBe(0);
    else expect(rejected).toBeGreaterThan(20);
  });
});

/** The share of the sign patterns of whole numbers whose sum is at least as far from zero: no rounding anywhere. */
function exactSignFlip(counts: readonly number[]): number {
  let sums = [0];
  for (const count of counts) sums = sums.flatMap((sum) => [sum + count, sum - count]);
  const observed = Math.abs(counts.reduce((sum, count) => sum + count, 0));
  return sums.filter((sum) => Math.abs(sum) >= observed).length / sums.length;
}

/** How files state k correct examples of n: as a fraction, as single precision has it, as a mean of batches, or noisily. */
const statedAs: Readonly<Record<string, (k: number, n: number, random: RandomStream) => number>> = {
  'an exact fraction': (k, n) => k / n,
  'a number of single precision': (k, n) => Math.fround(k / n),
  'a mean of batches in single precision': (k, n) => {
    const size = n === 9984 ? 128 : 250;
    const batches = n / size;
    const correct = Array.from({ length: batches }, (_, batch) => Math.floor((k + batch) / batches));
    return correct.reduce((sum, count) => sum + size * Math.fround(count / size), 0) / n;
  },
  'a number with an error of 1e-7': (k, n, random) => (k / n) * (1 + 1e-7 * (2 * random.uniform() - 1)),
};

describe('the sign-flip test ties in counts', () => {
  test('which single precision would break', () => {
    const counts = [24, 7, 12, 14, 24, 0];
    expect(exactSignFlip(counts)).toBe(0.0625);
    for (const scale of [1, 1e-4, 1 / 9984]) {
      expect(signFlipTest(counts.map((count) => count * scale)).pValue).toBe(0.0625);
    }
    const stated = counts.map(
      (count, i) => Math.fround((9000 + i + count) / 10_000) - Math.fround((9000 + i) / 10_000),
    );
    expect(signFlipTest(stated).pValue).toBe(0.0625);
  });

  test.each(Object.entries(statedAs))('as %s', (_, state) => {
    const random = randomStream(21, 'ties');
    let differ = 0;
    for (let sample = 0; sample < 150; sample++) {
      const seeds = 6 + random.integer(5);
      const n = random.integer(2) === 0 ? 9984 : 10_000;
      const spread = [3, 20, 300][random.integer(3)] ?? 0;
      const pairs = Array.from({ length: seeds }, () => {
        const reference = 1000 + random.integer(8000);
        return [reference + random.integer(2 * spread + 1) - Math.floor(spread / 2), reference] as const;
      });
      const valuesOf = (side: 0 | 1) =>
        new Map(pairs.map((pair, seed): [number, number] => [seed, state(pair[side], n, random)]));
      const expected = exactSignFlip(pairs.map(([competitor, reference]) => competitor - reference));
      const [competitor, reference] = [valuesOf(0), valuesOf(1)];
      const differences = [...competitor].map(([seed, value]) => value - (reference.get(seed) ?? 0));
      const found = [pairedDifference(competitor, reference).pValue, signFlipTest(differences).pValue];
      expect(found, `sample ${sample}: ${JSON.stringify(pairs)} of ${n}`).toEqual([expected, expected]);
      if (strict(differences) !== expected) differ++;
    }
    // The test would not show anything if rounding never mattered.
    if (state !== statedAs['an exact fraction']) expect(differ).toBeGreaterThan(15);
  });

  test('and differences of equal counts are no differences', () => {
    const counts = [8971, 8972, 8990, 9001, 9003, 9100];
    const as = (state: (k: number) => number) => new Map(counts.map((k, seed) => [seed, state(k)] as const));
    const found = pairedDifference(
      as((k) => k / 10_000),
      as((k) => Math.fround(k / 10_000)),
    );
    expect(found.pValue).toBe(1);
  });

  test('whatever the unit of differences that are no counts', () => {
    const differences = [0.3, 0.1, -0.7, 1.1, 0.4, 0.9, 0.2];
    const { pValue } = signFlipTest(differences);
    for (const unit of [1e-12, 1e-6, 1e3, 1e9]) {
      expect(signFlipTest(differences.map((difference) => unit * difference)).pValue).toBe(pValue);
    }
  });
});

/** The sign-flip test that takes every difference of the last bits for one. */
function strict(differences: readonly number[]): number {
  let sums = [0];
  for (const difference of differences) sums = sums.flatMap((sum) => [sum + difference, sum - difference]);
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  return sums.filter((sum) => Math.abs(sum) >= observed).length / sums.length;
}

describe('what is no number is refused with its place', () => {
  test.each<[string, () => unknown, string]>([
    ['signFlipTest', () => signFlipTest([Number.NaN, 1]), 'found NaN at index 0 of 2, expected finite numbers'],
    ['signFlipTest', () => signFlipTest([1, Number.NEGATIVE_INFINITY]), 'found -Infinity at index 1 of 2'],
    ['signFlipTest', () => signFlipTest([]), 'found no differences'],
    ['holm', () => holm([Number.NaN, 0.01]), 'found NaN at index 0 of 2, expected probabilities from 0 to 1, or null'],
    ['holm', () => holm([0.5, null, 1.5]), 'found 1.5 at index 2 of 3'],
    ['holm', () => holm([-0.1]), 'found -0.1 at index 0 of 1'],
    ['summarise', () => summarise([1, 2, Number.NaN]), 'found NaN at index 2 of 3'],
    ['summarise', () => summarise([Number.POSITIVE_INFINITY]), 'found Infinity at index 0 of 1'],
    ['mean', () => mean([1, Number.NaN]), 'found NaN at index 1 of 2'],
    ['sampleStd', () => sampleStd([Number.NaN]), 'found NaN at index 0 of 1'],
    ['populationStd', () => populationStd([1, Number.NaN]), 'found NaN at index 1 of 2'],
    ['quantile', () => quantile([Number.NaN, 1], 0.5), 'found NaN at index 0 of 2, expected numbers'],
    ['quantile', () => quantile([1, 2], 1.5), 'found q = 1.5, expected 0 to 1'],
    ['quantile', () => quantile([1, 2], Number.NaN), 'found q = NaN'],
    ['studentInterval', () => studentInterval([1, 2, Number.NaN]), 'found NaN at index 2 of 3'],
    ['studentInterval', () => studentInterval([1, 2], { level: 95 }), 'found the level 95'],
    ['bootstrapInterval', () => bootstrapInterval([...Array(9).fill(1), Number.NaN]), 'found NaN at index 9 of 10'],
    ['percentileInterval', () => percentileInterval([1, Number.NaN]), 'found NaN at index 1 of 2'],
  ])('by %s', (name, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(`${name}: ${message}`);
  });

  test('by a paired difference', () => {
    const values = new Map([
      [42, 0.5],
      [43, Number.NaN],
    ]);
    expect(() => pairedDifference(values, values)).toThrow('pairedDifference: found NaN at index 1 of 2');
  });
});

describe('a paired difference', () => {
  const values = (finals: Record<number, number>) =>
    new Map(Object.entries(finals).map(([seed, v]) => [Number(seed), v]));

  test('uses the common seeds only', () => {
    const { seeds, mean, pValue } = pairedDifference(values({ 44: 5, 42: 2, 7: 100 }), values({ 42: 1, 44: 3, 9: 0 }));
    expect({ seeds, mean, pValue }).toEqual({ seeds: [42, 44], mean: 1.5, pValue: 0.5 });
  });

  test('of one seed has no test, of none has nothing', () => {
    expect(pairedDifference(values({ 1: 2 }), values({ 1: 1 }))).toMatchObject({
      mean: 1,
      interval: null,
      pValue: null,
    });
    expect(pairedDifference(values({ 1: 2 }), values({ 2: 1 }))).toMatchObject({ seeds: [], mean: null, pValue: null });
  });
});

test("Holm's correction by hand", () => {
  // Sorted 0.01, 0.03, 0.04 times 3, 2, 1, made monotone.
  expect(holm([0.04, 0.01, 0.03])).toEqual([0.06, 0.03, 0.06]);
  expect(holm([0.5, null, 0.6])).toEqual([1, null, 1]);
  expect(holm([null])).toEqual([null]);
  expect(holm([])).toEqual([]);
});

describe('performance profiles', () => {
  test('by hand, with a tie, a miss and a problem that nobody solves', () => {
    const [a, b, c] = profiles({
      A: { p: 10, q: 30, r: null, s: null },
      B: { p: 10, q: 10, r: 8, s: null },
      C: { p: 30, q: null, r: 64, s: null },
    });
    expect(a?.steps).toEqual([
      { ratio: 1, share: 0.25 },
      { ratio: 3, share: 0.5 },
    ]);
    expect(b?.steps).toEqual([{ ratio: 1, share: 0.75 }]);
    expect(c?.steps).toEqual([
      { ratio: 3, share: 0.25 },
      { ratio: 8, share: 0.25 + 0.25 },
    ]);
    // A: (3 + 1) / (4 · 3); B: 3 · 3 / 12; C: 1 / 12, the ratio of 8 counts nothing.
    expect(a?.score).toBeCloseTo(4 / 12, 15);
    expect(b?.score).toBeCloseTo(9 / 12, 15);
    expect(c?.score).toBeCloseTo(1 / 12, 15);
  });

  test('of nothing', () => {
    expect(profiles({})).toEqual([]);
    expect(profiles({ A: {} })).toEqual([{ optimizer: 'A', problems: 0, ofProblems: 0, steps: [], score: 0 }]);
    expect(profiles({ A: { p: 0 }, B: { p: 3 } }).map(({ score }) => score)).toEqual([1, 0]);
  });

  test('an optimizer is judged by the problems that it was run on', () => {
    const [a, b] = profiles({ A: { p: 10, q: 10 }, B: { p: 20 } });
    expect(a).toMatchObject({ problems: 2, ofProblems: 2, score: 1 });
    // A ratio of 2 leaves (4 − 2) / (4 − 1) of the area.
    expect(b).toMatchObject({ problems: 1, ofProblems: 2, steps: [{ ratio: 2, share: 1 }] });
    expect(b?.score).toBeCloseTo(2 / 3, 15);
  });
});

function profiles(times: Readonly<Record<string, Readonly<Record<string, number | null>>>>) {
  return performanceProfiles(new Map(Object.entries(times).map(([name, row]) => [name, new Map(Object.entries(row))])));
}

describe('the bootstrap-t interval by its definition: all resamples divided, rooted and sorted', () => {
  const byDefinition = (values: readonly number[]) => {
    const random = randomStream(0, 'analysis', 'bootstrap', 'mean');
    const n = values.length;
    const spread = sampleStd(values);
    const centre = mean(values);
    const deviations = values.map((value) => (value - centre) / spread);
    const draws = Array.from({ length: 9999 }, () => {
      const own = Array.from({ length: n }, () => deviations[random.integer(n)] ?? 0);
      const sum = own.reduce((total, value) => total + value, 0);
      const squares = own.reduce((total, value) => total + value * value, 0);
      const variance = (squares - (sum * sum) / n) / (n - 1);
      return variance > 1e-12 ? sum / n / Math.sqrt(variance / n) : null;
    }).filter((draw) => draw !== null);
    const scale = spread / Math.sqrt(n);
    return [centre - quantile(draws, (1 + 0.95) / 2) * scale, centre - quantile(draws, (1 - 0.95) / 2) * scale];
  };
  // One sample has two values only, one is so skewed that a tail has few resamples on its side of zero.
  const samples = [
    Array.from({ length: 10 }, (_, index) => Math.sin(index * index)),
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1],
    Array.from({ length: 10 }, (_, index) => Math.exp(index ** 2 / 5)),
    Array.from({ length: 8 }, (_, index) => (index * 7) % 5),
    Array.from({ length: 10 }, (_, index) => Math.round(20 * Math.cos(index)) / 20),
    Array.from({ length: 10 }, () => 3),
    [1, 2],
    Array.from({ length: 10 }, (_, index) => -Math.exp(index ** 2 / 3)),
  ];

  test('one by one and several at a time, to the bit', () => {
    const together = bootstrapIntervals(samples);
    for (const [index, values] of samples.entries()) {
      const interval = together[index];
      expect(interval).toEqual(bootstrapInterval(values));
      if (interval?.method === 'bootstrap-t') expect([interval.low, interval.high]).toEqual(byDefinition(values));
    }
    expect(together.filter((interval) => interval?.method === 'bootstrap-t')).toHaveLength(6);
  });
});
