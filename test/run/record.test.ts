import { expect, test } from 'vitest';
import { RunRecord } from '../../src/run/record.js';

function measuredRecord(): RunRecord {
  const record = new RunRecord();
  for (let step = 0; step < 300_000; step++) record.minibatchTrainLosses.push(step / 7);
  const measured = { loss: 0.1, accuracy: 0.5 };
  record.addEvaluation({ train_eval: measured, valid: { loss: Number.NaN, accuracy: -0 }, test: measured }, 1.5, 2.5);
  record.losses.test.push(Number.NEGATIVE_INFINITY);
  record.optimizerLog.push({ alpha: 0.25, w: Float32Array.of(1, Number.NaN) });
  return record;
}

const throughJson = (part: object): unknown => JSON.parse(JSON.stringify(part));

test('a record comes back from its parts bit by bit, however long its lists are', () => {
  const record = measuredRecord();
  const parts = [throughJson(record.takeNew())];
  record.minibatchTrainLosses.push(Math.PI);
  record.optimizerLog.push({ alpha: 0.5 });
  const second = record.takeNew();
  expect(second.lists).toMatchObject({ minibatchTrainLosses: [Math.PI], 'losses.train': [] });
  parts.push(throughJson(second));
  const restored = RunRecord.of(parts);
  expect(restored.losses).toEqual(record.losses);
  expect(restored.accuracies).toEqual({ train: [0.5], valid: [-0], test: [0.5] });
  expect(restored.timing).toEqual(record.timing);
  expect(restored.minibatchTrainLosses).toEqual(record.minibatchTrainLosses);
  expect(restored.optimizerLog).toEqual([{ alpha: 0.25, w: [1, null] }, { alpha: 0.5 }]);
  expect(Object.values(restored.takeNew().lists).flat()).toEqual([]);
});

test.each([
  [null],
  [[]],
  [{ lists: {} }],
  [{ lists: { 'losses.train': ['x'] }, optimizer_log: [] }],
  [{ lists: { 'losses.train': [null] }, optimizer_log: [] }],
  [{ lists: {}, optimizer_log: [3] }],
  [{ lists: {}, optimizer_log: [], more: 1 }],
])('%j is no part of a record', (part) => {
  expect(() => RunRecord.of([part])).toThrow();
});
