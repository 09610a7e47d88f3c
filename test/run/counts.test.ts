import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { correctCount } from '../../src/run/evaluation.js';
import { runSmall, temporaryFolder } from './small-run.js';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

test('a count is found in the single precision fraction of every batch', () => {
  for (const size of [1, 3, 100, 128, 250, 10_000, 65_537, 1_000_003]) {
    const places = size <= 10_000 ? size : 997;
    for (let place = 0; place <= places; place++) {
      const count = Math.round((place / places) * size);
      const stored = Math.fround(Math.fround(count) * Math.fround(1 / size));
      expect(correctCount(stored, size)).toBe(count);
      expect(correctCount(Math.fround(count / size), size)).toBe(count);
    }
  }
});

// No set is of a power of two: hardly any of their fractions is a number of single precision.
test.each(['onnxruntime', 'tfjs-cpu'])('accuracies of a run with %s are exact fractions', async (engine) => {
  const { runFile } = await runSmall(folder, { engine, seed: 5, syntheticSize: 730 });
  const { sizes } = runFile.dataset;
  for (const [set, size] of [
    ['train', sizes.train_eval],
    ['valid', sizes.valid],
    ['test', sizes.test],
  ] as const) {
    const accuracies = runFile[`${set}_accuracies`] ?? [];
    expect(accuracies).toHaveLength(4);
    for (const accuracy of accuracies) expect(accuracy).toBe(Math.round(Number(accuracy) * size) / size);
  }
  // The check would hold of anything if the fractions were numbers of single precision.
  const all = [...(runFile.test_accuracies ?? []), ...(runFile.valid_accuracies ?? [])];
  expect(all.some((accuracy) => Math.fround(Number(accuracy)) !== accuracy)).toBe(true);
});
