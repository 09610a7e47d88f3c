import { describe, expect, test } from 'vitest';
import { bestOf } from '../../src/analysis/best-of.js';
import { quantitiesOf } from '../../src/analysis/index.js';

describe('the best of k trials', () => {
  const tried = [0.9, 0.7, 0.8, null].map((mean) => ({ final: { mean } }));

  test('is what all draws give, counted one by one', () => {
    const draws = (k: number): number[][] => {
      const subsets = Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].filter((index) => (bits >> index) & 1));
      return subsets.filter((subset) => subset.length === k);
    };
    for (const { k, mean } of bestOf(tried)) {
      // The first of a draw in the order of the ranking wins; a draw without any value is left out.
      const kept = draws(k).flatMap((draw) => tried[Math.min(...draw)]?.final.mean ?? []);
      expect(mean).toBeCloseTo(kept.reduce((sum, value) => sum + value, 0) / kept.length, 12);
    }
    expect(bestOf(tried).map(({ k }) => k)).toEqual([1, 2, 3, 4]);
    expect(bestOf(tried).at(-1)).toEqual({ k: 4, mean: 0.9, lowerQuartile: 0.9, upperQuartile: 0.9 });
  });

  test('says nothing of fewer than two settings with a value', () => {
    expect(bestOf(tried.slice(0, 1))).toEqual([]);
    expect(bestOf([...tried.slice(0, 1), ...tried.slice(3)])).toEqual([]);
  });
});

describe('the quantities of a log', () => {
  test('of the preconditioner: α and λ by group, σ by layer, events apart', () => {
    const log = [
      {
        epoch: 1,
        estimations: [
          {
            step: 5,
            groups: [{ name: 'all', alpha: 0.1, lambda: null }],
            sigma: { dense: [3, 2], left: null },
            seconds: { prior: 1 },
          },
        ],
        events: [{ step: 7, event: 'drift', where: 'all', reason: 'it departs', value: 2 }],
      },
    ];
    const { points, events } = quantitiesOf(log, 10);
    expect(points.map(({ quantity, where, epoch, step, value }) => [quantity, where, epoch, step, value])).toEqual([
      ['alpha', 'all', 1.5, 15, 0.1],
      ['lambda', 'all', 1.5, 15, null],
      ['sigma 1', 'dense', 1.5, 15, 3],
      ['sigma 2', 'dense', 1.5, 15, 2],
      ['sigma', 'left', 1.5, 15, null],
      ['seconds prior', '', 1.5, 15, 1],
    ]);
    expect(events).toEqual([{ event: 'drift', where: 'all', reason: 'it departs', epoch: 1.7, step: 17 }]);
  });

  test('of any other rule: every number under its key, lists by place, text left out', () => {
    const { points } = quantitiesOf([{ temperature: 2, note: 'warm', norms: [1, 4], deep: { inner: { x: 3 } } }], 0);
    expect(points.map(({ quantity, epoch, value }) => [quantity, epoch, value])).toEqual([
      ['temperature', 0, 2],
      ['norms 1', 0, 1],
      ['norms 2', 0, 4],
      ['deep inner x', 0, 3],
    ]);
  });

  test.each([1e308, -1, Number.MAX_SAFE_INTEGER])('takes %d under epoch or step for no place', (value) => {
    const log = [{ epoch: value, x: 1, estimations: [{ step: value, y: 2 }] }];
    expect(quantitiesOf(log, 10).points.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
