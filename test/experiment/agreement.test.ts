import { describe, expect, test } from 'vitest';
import { agreement } from '../../src/experiment/agreement.js';
import { agreementJson } from '../../src/experiment/agreement-file.js';
import type { Curve } from '../../src/experiment/curve.js';
import { agreementSentence } from '../../src/experiment/words.js';

function curve(values: readonly number[], std: number | null, lost = 0): Curve {
  const lostAt = Array(lost).fill(1);
  return { key: 'SGD', lostAt, points: values.map((value, x) => ({ x, n: 5, value, low: null, high: null, std })) };
}

describe('agreement with a published curve', () => {
  test('counts the points within four published standard deviations and finds the farthest', () => {
    const found = agreement('fmnist_2c2d', curve([0.1, 0.5, 0.9], 0.01), curve([0.1, 0.46, 0.8, 0.85], 0.01));
    expect(found).toMatchObject({ compared: 3, inside: 2 });
    expect(found.largest?.x).toBe(2);
    expect(found.largest?.deviations).toBeCloseTo(10, 10);
    expect(found.last?.published.value).toBe(0.8);
    expect(agreementSentence(found)).toBe(
      'SGD, fmnist_2c2d: 2 of 3 points lie within 4 published standard deviations of the published mean, the farthest 10 from it at epoch 2.',
    );
  });

  test('a deviation of exactly four is inside, below as above', () => {
    const found = agreement('p', curve([4, -4], 1), curve([0, 0], 1));
    expect(found).toMatchObject({ compared: 2, inside: 2 });
  });

  test('says what is missing and lost instead of agreeing with nothing', () => {
    const found = agreement('p', curve([], 1, 3), curve([1, 2], 1));
    expect(found).toMatchObject({ compared: 0, inside: 0, largest: null, last: null });
    expect(agreementSentence(found)).toBe(
      'SGD, p: no point to compare; 3 of our runs diverged or stopped and are in no mean.',
    );
  });

  test('a published point without a spread decides nothing', () => {
    expect(agreement('p', curve([1], 1), curve([1], null))).toMatchObject({ compared: 0, largest: null });
  });
});

describe('the file of an experiment', () => {
  const part = { heading: 'a part', ours: null, published: null, original: '', findings: [] };
  const content = { experiment: { name: 'preconditioning' }, scale: 'laptop', version: '0.2.0' } as const;

  test('has every point that both have, and names run files from its own folder', () => {
    const ours = { ...curve([0.1, 0.5], 0.01), files: ['mine/results/a.json'] };
    const found = agreement('fmnist_2c2d test_losses', ours, curve([0.1, 0.46, 0.4], 0.01));
    const text = agreementJson('mine/agreement.json', { ...content, parts: [{ ...part, agreement: [found] }] });
    const [written] = JSON.parse(text ?? '').parts;
    expect(written.curves).toMatchObject([
      { name: 'SGD', panel: 'fmnist_2c2d test_losses', compared: 2, inside: 2, files: ['results/a.json'] },
    ]);
    expect(written.curves[0].points).toMatchObject([
      { epoch: 0, ours: { mean: 0.1, n: 5 }, published: { mean: 0.1, std: 0.01 }, deviations: 0 },
      { epoch: 1, ours: { mean: 0.5 }, published: { mean: 0.46 } },
    ]);
  });

  test('is none where nothing can be compared', () => {
    expect(agreementJson('agreement.json', { ...content, parts: [{ ...part, agreement: [] }] })).toBeNull();
  });
});
