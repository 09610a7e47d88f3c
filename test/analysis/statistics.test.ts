import { describe, expect, test } from 'vitest';
import { logGamma, studentCumulative, studentQuantile } from '../../src/analysis/distributions.js';
import {
  bootstrapInterval,
  holm,
  type Interval,
  pairedDifference,
  percentileInterval,
  performanceProfiles,
  quantile,
  signFlipTest,
  studentInterval,
  summarise,
} from '../../src/analysis/index.js';
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
