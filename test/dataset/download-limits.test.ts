import { describe, expect, it } from 'vitest';
import { limitsFor, retryAfter, waitAfter } from '../../src/dataset/download/limits.js';

describe('limitsFor', () => {
  it('gives a minute and what 50 kB a second take, thrice in all', () => {
    expect(limitsFor(0)).toMatchObject({ attempt: 60, total: 180 });
    expect(limitsFor(170_052_171).attempt).toBeCloseTo(60 + 3401.04342, 4);
    expect(limitsFor(0, { attempt: 1 })).toMatchObject({ attempt: 1, total: 180 });
  });
});

describe('waitAfter', () => {
  const limits = limitsFor(0);

  it('waits twice as long each time, of which a random half, and no longer than the longest wait', () => {
    expect([1, 2, 3, 4].map((failed) => waitAfter(failed, null, limits, 0))).toEqual([0.5, 1, 2, 4]);
    expect([1, 2, 3, 4].map((failed) => waitAfter(failed, null, limits, 0.5))).toEqual([0.75, 1.5, 3, 6]);
    expect(waitAfter(50, null, limits, 0.999)).toBeLessThan(60);
    const waits = Array.from({ length: 100 }, () => waitAfter(1, null, limits));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...waits)).toBeLessThan(1);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('waits at least as long as the server asks', () => {
    expect(waitAfter(1, 20, limits, 0)).toBe(20);
    expect(waitAfter(4, 1, limits, 0)).toBe(4);
    expect(waitAfter(1, 3600, limits, 0)).toBe(3600);
  });
});

describe('retryAfter', () => {
  const now = Date.parse('Thu, 01 Jan 2026 00:00:00 GMT');

  it.each([
    ['120', 120],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', null],
    ['', null],
    [undefined, null],
  ])('%j is %s', (header, expected) => {
    expect(retryAfter(header, now)).toBe(expected);
  });
});
