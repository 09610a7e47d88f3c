import type { Engine, TensorData, Value } from '../../src/engine/index.js';
import type { BatchFeeds } from '../../src/optimizer/index.js';
import { inputNames, type TestProblem } from '../../src/testproblem/index.js';

/** A minibatch as plain numbers. */
export interface PlainBatch {
  readonly inputs: TensorData;
  readonly labels?: Int32Array;
}

/** A minibatch as inputs of the task's programs. */
export function batchFeeds(engine: Engine, problem: TestProblem, size: number, batch: PlainBatch): BatchFeeds {
  const feeds: Record<string, Value> = {
    [inputNames.inputs]: engine.upload(batch.inputs, [size, ...problem.inputShape]),
  };
  if (batch.labels !== undefined) feeds[inputNames.labels] = engine.upload(batch.labels, [size]);
  return feeds;
}
