import { describe, expect, it } from 'vitest';
import { type RandomStream, randomStream } from '../../src/random/index.js';

const draws = (stream: RandomStream, n: number): number[] => Array.from({ length: n }, () => stream.uniform());

/** Σ (observed − expected)² / expected over equally likely cells. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** chi-square lies within five standard deviations of its mean for uniform cells: fails by chance once in a million. */
function expectUniform(counts: readonly number[]): void {
  const freedom = counts.length - 1;
  expect(Math.abs(chiSquare(counts) - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - ma) * ((b[i] ?? 0) - mb)));
  return covariance / Math.sqrt(mean(a.map((x) => (x - ma) ** 2)) * mean(b.map((x) => (x - mb) ** 2)));
}

describe('randomStream', () => {
  // A second implementation in Python (xoshiro128** on the Chaskey-12 key of the path) gave these numbers.
  it('gives the numbers of an independent implementation', () => {
    const short = randomStream(42, 'shuffle', 3);
    expect(Array.from({ length: 4 }, () => short.uint32())).toEqual([2495427697, 2335786885, 4198412693, 724681806]);
    const long = randomStream(42, 'a path longer than eight bytes: é', -1.5);
    expect(Array.from({ length: 4 }, () => long.uint32())).toEqual([384959432, 458401409, 1051389882, 1174955725]);
  });

  it('gives the same numbers for the same path, however it was reached', () => {
    const first = randomStream(7, 'augment', 2, 31);
    const parent = randomStream(7, 'augment', 2);
    draws(parent, 5);
    expect(draws(parent.child(31), 10)).toEqual(draws(first, 10));
  });

  it('tells apart paths that look alike', () => {
    const streams = [
      randomStream(1),
      randomStream(2),
      randomStream(1, 2),
      randomStream(2, 1),
      randomStream(1, '2'),
      randomStream(1, ''),
      randomStream(1, 'a'),
      randomStream(1, 'a\0'),
      randomStream(1, 'a', ''),
      randomStream(1, 'ab', 'c'),
      randomStream(1, 'a', 'bc'),
      randomStream(1, 'abcdefghi', 'j'),
      randomStream(1, 'abcdefgh', 'ij'),
      randomStream(1 + 2 ** 32),
      randomStream(1.5),
    ];
    const firsts = streams.map((stream) => draws(stream, 2).join());
    expect(new Set(firsts).size).toBe(streams.length);
  });

  it('makes neighbouring streams independent', () => {
    for (const [a, b] of [
      [randomStream(42, 'split'), randomStream(43, 'split')],
      [randomStream(42, 'shuffle', 0), randomStream(42, 'shuffle', 1)],
      [randomStream(42, 'shuffle', 0), randomStream(42, 'augment', 0)],
    ] as const) {
      expect(Math.abs(correlation(draws(a, 20_000), draws(b, 20_000)))).toBeLessThan(5 / Math.sqrt(20_000));
    }
    const parent = randomStream(42, 'augment', 0);
    const firsts = Array.from({ length: 20_001 }, (_, image) => parent.child(image).uniform());
    expect(Math.abs(correlation(firsts.slice(1), firsts.slice(0, -1)))).toBeLessThan(5 / Math.sqrt(20_000));
    const counts = new Array<number>(64).fill(0);
    for (const value of firsts) counts[Math.floor(value * 64)] = (counts[Math.floor(value * 64)] ?? 0) + 1;
    expectUniform(counts);
  });
});

describe('RandomStream', () => {
  it('draws uniform numbers in [0, 1) with mean 1/2 and variance 1/12', () => {
    const values = draws(randomStream(11, 'uniform'), 100_000);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    const cells = new Array<number>(100).fill(0);
    for (const x of values) cells[Math.floor(100 * x)] = (cells[Math.floor(100 * x)] ?? 0) + 1;
    expectUniform(cells);
  });

  it.each([2, 3, 7, 10, 1000])('draws integers below %i uniformly', (n) => {
    const stream = randomStream(5, 'integer', n);
    const counts = new Array<number>(n).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const value = stream.integer(n);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts.length).toBe(n);
    expectUniform(counts);
  });

  it('rejects instead of folding: a range of 3·2³⁰ shows no bias', () => {
    // Folding 2³² values into 3·2³⁰ would put half of all draws, not a third, into the lowest third.
    const stream = randomStream(6);
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (stream.integer(3 * 2 ** 30) < 2 ** 30) low += 1;
    expect(Math.abs(low / 30_000 - 1 / 3)).toBeLessThan(0.015);
  });

  it('draws integers beyond 32 bits', () => {
    const stream = randomStream(6, 'wide');
    const values = Array.from({ length: 10_000 }, () => stream.integer(2 ** 40));
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 40)).toBe(true);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length / 2 ** 40;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
  });

  it.each([0, -1, 2.5, Number.NaN, 2 ** 54])('refuses integer(%d)', (n) => {
    expect(() => randomStream(1).integer(n)).toThrow(RangeError);
  });

  it('draws normal numbers with the right moments and uncorrelated pairs', () => {
    const stream = randomStream(3, 'normal');
    const n = 200_000;
    const values = Array.from({ length: n }, () => stream.normal());
    const moment = (power: number): number => values.reduce((sum, x) => sum + x ** power, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    expect(Math.abs(correlation(values.slice(1), values.slice(0, -1)))).toBeLessThan(5 / Math.sqrt(n));
  });

  it('permutes: every number once, every order equally often', () => {
    expect(Array.from(randomStream(1).permutation(1000)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = randomStream(9, i).permutation(4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expectUniform([...counts.values()]);
    expect(randomStream(1).permutation(0)).toEqual(new Uint32Array(0));
  });
});
