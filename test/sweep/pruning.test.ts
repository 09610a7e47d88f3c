import { describe, expect, test } from 'vitest';
import { decisionEpochs, type PlanPruning, pruningSchema, ruleOf } from '../../src/sweep/plan-pruning.js';
import { decide, type Trial } from '../../src/sweep/pruning.js';

const rule = (stated: object): PlanPruning => pruningSchema.parse(stated);
const halving = rule({ rule: 'halving' });
const median = rule({ rule: 'median' });
const trials = (...curves: (number | null)[][]): Trial[] => curves.map((curve) => ({ curve, prunedAfter: null }));
const indices = (stopped: readonly { readonly index: number }[]) => stopped.map(({ index }) => index);

describe('the epochs of decisions', () => {
  test.each([
    [{ rule: 'halving' }, 50, [1, 3, 9, 27]],
    [{ rule: 'halving', factor: 2, first_epoch: 4 }, 32, [4, 8, 16]],
    [{ rule: 'halving' }, 1, []],
    [{ rule: 'median' }, 50, [10, 15, 20, 25, 30, 35, 40, 45]],
    [{ rule: 'median', first_epoch: 2, every: 3 }, 9, [2, 5, 8]],
  ])('%j in %i epochs', (stated, numEpochs, expected) => {
    expect(decisionEpochs(rule(stated), numEpochs)).toEqual(expected);
  });

  test('are part of the rule, as is everything else that decides', () => {
    expect(ruleOf(undefined, 50)).toBeNull();
    const texts = [
      ruleOf(halving, 50),
      ruleOf(halving, 20),
      ruleOf(rule({ rule: 'halving', factor: 2 }), 50),
      ruleOf(rule({ rule: 'halving', metric: 'valid_losses' }), 50),
      ruleOf(median, 50),
    ];
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('a metric of the test set is refused: it must not choose', () => {
    expect(pruningSchema.safeParse({ rule: 'median', metric: 'test_accuracies' }).success).toBe(false);
  });
});

describe('successive halving', () => {
  const nine = trials(...[3, 9, 1, 8, 5, 7, 2, 6, 4].map((value) => [0, value / 10, 1 - value / 10]));

  test('lets the best third go on, by the value after the epoch', () => {
    expect(indices(decide(halving, 'valid_accuracies', nine, 1))).toEqual([0, 2, 4, 6, 7, 8]);
    expect(indices(decide(halving, 'valid_losses', nine, 1))).toEqual([1, 3, 4, 5, 7, 8]);
    expect(decide(halving, 'valid_accuracies', nine, 1)[0]?.reason).toBe(
      'rank 7 of 9, 3 went on: valid_accuracies 0.3',
    );
  });

  test('counts those alone that still run', () => {
    const later = nine.map((trial, index) => ({ ...trial, prunedAfter: [1, 3, 5].includes(index) ? null : 1 }));
    expect(indices(decide(halving, 'valid_accuracies', later, 2))).toEqual([1, 3]);
  });

  test('keeps one, the first of equal ones, and what is finite before what is not', () => {
    expect(indices(decide(halving, 'valid_accuracies', trials([0, 1], [0, 1]), 1))).toEqual([1]);
    expect(decide(halving, 'valid_accuracies', trials([0, 1]), 1)).toEqual([]);
    expect(indices(decide(halving, 'valid_losses', trials([0, null], [0, 9], [0]), 1))).toEqual([0, 2]);
  });

  test('looks at nothing after the epoch', () => {
    const cut = nine.map(({ curve, prunedAfter }) => ({ curve: curve.slice(0, 2), prunedAfter }));
    expect(decide(halving, 'valid_accuracies', cut, 1)).toEqual(decide(halving, 'valid_accuracies', nine, 1));
  });
});

describe('the median rule', () => {
  test('stops whose best is worse than the median of the means', () => {
    // Means 0.3, 0.5, 0.2, 0.6: the median is 0.3 (of two in the middle the worse one); bests 0.4, 0.6, 0.2, 0.9.
    const four = trials([0, 0.2, 0.4], [0, 0.4, 0.6], [0, 0.2, 0.2], [0, 0.3, 0.9]);
    expect(decide(median, 'valid_accuracies', four, 2)).toEqual([
      { index: 2, reason: 'best valid_accuracies 0.2, median of means 0.3' },
    ]);
  });

  test('keeps all that are alike, and counts a stopped one with what it had until then', () => {
    expect(decide(median, 'valid_losses', trials([9, 1], [9, 1], [9, 1]), 1)).toEqual([]);
    const three = trials([0, 0.9, 0.9], [0, 0.5, 0.55], [0, 0.1, 1]);
    const stopped = three.map((trial, index) => (index === 2 ? { ...trial, prunedAfter: 1 } : trial));
    // Means 0.9, 0.525 and 0.1, not 0.55.
    expect(decide(median, 'valid_accuracies', stopped, 2)).toEqual([]);
    expect(decide(median, 'valid_accuracies', three, 2)).toEqual([]);
  });
});
