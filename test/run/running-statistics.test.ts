import { expect, test } from 'vitest';
import type { Value } from '../../src/engine/index.js';
import { runningStatistics } from '../../src/run/running-statistics.js';
import * as p from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

const engine = openReferenceEngine();
const problem = p.defineTestProblem({
  name: 'small',
  description: '',
  dataset: 'none',
  inputShape: [1],
  defaults: { batchSize: 2, numEpochs: 1 },
  initial: { weights: p.constantValue(1), biases: p.constantValue(0) },
  network: [p.dense(1, { bias: false }), p.batchNorm(), p.dense(2)],
  loss: p.softmaxCrossEntropy(),
});
const labels = engine.upload(Int32Array.of(0, 1), [2]);

/** Minibatches with the inputs −1 and 3: mean 1, unbiased variance 8. */
async function* minibatches(count: number): AsyncGenerator<Record<string, Value>> {
  for (let step = 0; step < count; step++) yield { inputs: engine.upload(Float32Array.of(-1, 3), [2, 1]), labels };
}

test.each([
  { count: 3, used: 3 },
  { count: 60, used: 50 },
])('are recomputed at other parameters from $count minibatches, at most 50', async ({ count, used }) => {
  const statistics = await runningStatistics(engine, problem.build(2), {});
  const values = {
    'parameter/dense1.weight': engine.upload(Float32Array.of(10), [1, 1]),
    'modelState/norm1.mean': engine.upload(Float32Array.of(5), [1]),
    'modelState/norm1.variance': engine.upload(Float32Array.of(7), [1]),
  };
  const found = await statistics?.recompute(values, minibatches(count));
  const rest = 0.9 ** used;
  const read = async (name: string) => (found?.[name] === undefined ? null : (await engine.download(found[name]))[0]);
  expect(Object.keys(found ?? {})).toEqual(['modelState/norm1.mean', 'modelState/norm1.variance']);
  expect(await read('modelState/norm1.mean')).toBeCloseTo(10 * (1 - rest) + 5 * rest, 10);
  expect(await read('modelState/norm1.variance')).toBeCloseTo(800 * (1 - rest) + 7 * rest, 8);
});

test('are none where a problem keeps none', async () => {
  const plain = p.defineTestProblem({
    ...{ name: 'plain', description: '', dataset: 'none', inputShape: [3], defaults: { batchSize: 2, numEpochs: 1 } },
    initial: { weights: p.constantValue(1), biases: p.constantValue(0) },
    network: [p.dense(2)],
    loss: p.softmaxCrossEntropy(),
  });
  expect(await runningStatistics(engine, plain.build(2), {})).toBeNull();
});
