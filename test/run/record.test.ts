import { expect, test } from 'vitest';
import { RunRecord } from '../../src/run/record.js';

test('a record comes back from its checkpoint, however long its lists are', () => {
  const record = new RunRecord();
  for (let step = 0; step < 300_000; step++) record.minibatchTrainLosses.push(step / 7);
  const measured = { loss: 0.1, accuracy: 0.5 };
  record.addEvaluation({ train_eval: measured, valid: { loss: Number.NaN, accuracy: 0 }, test: measured }, 1.5, 2.5);
  record.optimizerLog.push({ alpha: 0.25 });
  record.resumed.push({ epoch: 3, at: '2026-11-22T10:00:00.000Z' });
  const { lists, header } = record.toCheckpoint();
  const restored = RunRecord.fromCheckpoint({
    header: { configurationHash: 'a', epoch: 3, ...JSON.parse(JSON.stringify(header)) },
    arrays: lists,
  });
  expect(restored).toEqual(record);
  expect(restored.minibatchTrainLosses).toHaveLength(300_000);
  expect(restored.losses.valid).toEqual([Number.NaN]);
});
