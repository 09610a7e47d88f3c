import { describe, expect, it } from 'vitest';
import { summariseRatios } from '../../src/timing/index.js';

describe('summariseRatios', () => {
  it('divides repeat by repeat and summarises', () => {
    const { values, median, mean, std, interval } = summariseRatios([2, 4, 8], [1, 2, 2]);
    expect(values).toEqual([2, 2, 4]);
    expect(median).toBe(2);
    expect(mean).toBeCloseTo(8 / 3, 12);
    // The deviations are −2/3, −2/3 and 4/3: √(24/9 / 3).
    expect(std).toBeCloseTo(Math.sqrt(8 / 9), 12);
    // Base-2 logarithms 1, 1, 2: mean 4/3, standard error 1/3; scipy.stats.t.ppf(0.975, 2) is 4.302652729911275.
    const t = 4.302652729911275;
    expect(interval?.[0]).toBeCloseTo(2 ** ((4 - t) / 3), 9);
    expect(interval?.[1]).toBeCloseTo(2 ** ((4 + t) / 3), 9);
  });

  it('gives the inverse interval for the inverse ratio', () => {
    const [a, b] = [
      [1.1, 1.3, 0.9, 1.4],
      [0.7, 0.6, 0.8, 0.75],
    ];
    const there = summariseRatios(a, b).interval;
    const back = summariseRatios(b, a).interval;
    expect(1 / (back?.[1] ?? 0)).toBeCloseTo(there?.[0] ?? 0, 12);
    expect(1 / (back?.[0] ?? 0)).toBeCloseTo(there?.[1] ?? 0, 12);
  });

  it('has no interval for a single repeat, and one without width when all ratios are equal', () => {
    expect(summariseRatios([3], [2])).toEqual({ values: [1.5], median: 1.5, mean: 1.5, std: 0, interval: null });
    const { interval } = summariseRatios([3, 6], [2, 4]);
    expect(interval?.[0]).toBeCloseTo(1.5, 12);
    expect(interval?.[1]).toBeCloseTo(1.5, 12);
  });

  it('is free of what slows both runs of a repeat', () => {
    expect(summariseRatios([2, 20, 4], [1, 10, 2]).values).toEqual([2, 2, 2]);
  });
});
