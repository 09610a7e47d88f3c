import { describe, expect, test } from 'vitest';
import { coordinates } from '../../src/sweep/sampling.js';
import { expandSettings } from '../../src/sweep/settings.js';

const random = { method: 'random', samples: 50, seed: 3 } as const;
const halton = { method: 'halton', samples: 7, seed: 0 } as const;

describe('Halton points', () => {
  test('are the radical inverses of 1, 2, 3, … in bases 2, 3, 5', () => {
    const expected = [
      [1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8, 3 / 8, 7 / 8],
      [1 / 3, 2 / 3, 1 / 9, 4 / 9, 7 / 9, 2 / 9, 5 / 9],
      [1 / 5, 2 / 5, 3 / 5, 4 / 5, 1 / 25, 6 / 25, 11 / 25],
    ];
    expect([0, 1, 2].map((dimension) => coordinates(halton, 'any', dimension))).toEqual(expected);
  });

  test('of another seed are shifted around the circle', () => {
    const plain = coordinates({ ...halton, samples: 40 }, 'lr', 1);
    const shifted = coordinates({ ...halton, samples: 40, seed: 9 }, 'lr', 1);
    const shifts = plain.map((value, index) => ((shifted[index] ?? 0) - value + 1) % 1);
    for (const shift of shifts) expect(shift).toBeCloseTo(shifts[0] ?? 0, 12);
    expect(Math.min(...shifted)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shifted)).toBeLessThan(1);
  });

  test('fill every interval of the first two bases evenly', () => {
    for (const [dimension, base] of [2, 3, 5, 7].entries()) {
      const points = coordinates({ ...halton, samples: base ** 3 - 1 }, 'x', dimension);
      const cells = Array.from({ length: base ** 2 }, () => 0);
      for (const u of points)
        cells[Math.floor(u * base ** 2 + 1e-9)] = (cells[Math.floor(u * base ** 2 + 1e-9)] ?? 0) + 1;
      expect(Math.max(...cells) - Math.min(...cells)).toBeLessThanOrEqual(1);
    }
  });
});

describe('random points', () => {
  test('are in range, repeatable, and other with another seed or name', () => {
    const points = coordinates(random, 'lr', 0);
    for (const u of points) expect(u >= 0 && u < 1).toBe(true);
    expect(coordinates(random, 'lr', 1)).toEqual(points);
    expect(coordinates({ ...random, seed: 4 }, 'lr', 0)).not.toEqual(points);
    expect(coordinates(random, 'momentum', 0)).not.toEqual(points);
  });

  test('stay when more samples are drawn or another hyperparameter is added', () => {
    const few = expandSettings({ lr: 'loguniform:1e-5:1' }, { ...random, samples: 5 });
    const more = expandSettings({ momentum: 'uniform:0:1', lr: 'loguniform:1e-5:1' }, { ...random, samples: 9 });
    expect(more.slice(0, 5).map(({ lr }) => lr)).toEqual(few.map(({ lr }) => lr));
  });

  test('of seed 0 are these for good: a plan means the same runs on every machine', () => {
    const points = expandSettings(
      { lr: 'loguniform:1e-5:1e2', rank: 'integers:1:8' },
      { ...random, samples: 3, seed: 0 },
    );
    expect(points).toMatchInlineSnapshot(`
      [
        {
          "lr": 0.796127,
          "rank": 6,
        },
        {
          "lr": 2.97525,
          "rank": 4,
        },
        {
          "lr": 0.113514,
          "rank": 4,
        },
      ]
    `);
  });
});

describe('settings', () => {
  test('come in the order of the product, the last hyperparameter fastest, samples innermost', () => {
    const points = expandSettings(
      { a: [1, 2], u: 'integers:0:9', b: 'x,y' },
      { method: 'halton', samples: 2, seed: 0 },
    );
    expect(points.map(({ a, b, u }) => `${a}${b}${u}`)).toEqual([
      '1x5',
      '1x2',
      '1y5',
      '1y2',
      '2x5',
      '2x2',
      '2y5',
      '2y2',
    ]);
    expect(Object.keys(points[0] ?? {})).toEqual(['a', 'u', 'b']);
  });

  test('null leaves a hyperparameter to its default', () => {
    expect(expandSettings({ a: null, b: 1 }, null)).toEqual([{ b: 1 }]);
  });

  test('a space to draw from needs to know how many', () => {
    expect(() => expandSettings({ lr: 'uniform:0:1' }, null)).toThrow(/sampling\.samples/);
  });
});
