import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../../src/dataset/index.js';
import { type Engine, openEngine } from '../../src/engine/index.js';
import {
  averageParameters,
  chain,
  defineOptimizer,
  type OptimizerDefinition,
  scaleByLearningRate,
  type Transformation,
} from '../../src/optimizer/index.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { TrainingLoop } from '../../src/run/loop.js';
import * as p from '../../src/testproblem/index.js';

/** A small network with running statistics and dropout, on images like MNIST's. */
const problem = p.defineTestProblem({
  name: 'small',
  description: '',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 32, numEpochs: 3 },
  initial: { weights: p.xavierNormal(), biases: p.constantValue(0) },
  network: [p.flatten(), p.dense(12), p.batchNorm(), p.relu(), p.dropout(0.2), p.dense(10)],
  loss: p.softmaxCrossEntropy(),
});

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: 'onnxruntime', threads: 1 });
});
afterAll(() => engine.dispose());

const named = (transformation: (sgd: Transformation) => Transformation): OptimizerDefinition =>
  defineOptimizer({
    name: 'mine',
    className: 'Mine',
    description: '',
    hyperparameters: z.strictObject({ lr: z.number() }),
    transformation: ({ lr }) => transformation(scaleByLearningRate(lr)),
  });

/** Trains three epochs; what was measured, and the states of the network at the end. */
async function trained(optimizer: OptimizerDefinition) {
  const resolved = await resolveConfiguration({
    testproblem: 'mnist_logreg',
    optimizer: 'sgd',
    hyperparameters: { lr: 0.2 },
    numEpochs: 3,
    batchSize: 32,
    data: 'synthetic',
    syntheticSize: 600,
    trainLogInterval: 1,
    threads: 1,
  });
  const dataset = await openDataset('mnist', { dataDir: '.', source: 'synthetic', syntheticSize: 600, fetch: false });
  const split = dataset.split(42, 'probprec');
  const loop = await TrainingLoop.start({ resolved: { ...resolved, testProblem: problem, optimizer }, split, engine });
  await loop.run();
  const states: Record<string, number[]> = {};
  for (const [name, value] of Object.entries(loop.training.modelStates ?? {})) {
    states[name] = [...(await engine.download(value))];
  }
  return { record: loop.record, states };
}

test('evaluating elsewhere changes nothing in training, and has running statistics of its own', async () => {
  const plain = await trained(named((sgd) => sgd));
  const same = await trained(named((sgd) => chain(sgd, averageParameters(1))));
  const average = await trained(named((sgd) => chain(sgd, averageParameters(0.05))));
  expect(Object.keys(plain.states)).toHaveLength(2);
  for (const other of [same, average]) {
    expect(other.record.minibatchTrainLosses).toEqual(plain.record.minibatchTrainLosses);
    expect(other.states).toEqual(plain.states);
    expect(other.record.losses.test[0]).toBe(plain.record.losses.test[0]);
  }
  // The average with weight 1 is the training point: only its statistics are others, of the same network.
  const [last = 0, again = 0, slow = 0] = [plain, same, average].map(({ record }) => record.losses.test.at(-1));
  expect(again).not.toBe(last);
  expect(Math.abs(again - last)).toBeLessThan(0.2 * last);
  // A slow average has learned less, and still evaluates sensibly with statistics of its own.
  expect(slow).toBeGreaterThan(again);
  expect(slow).toBeLessThan(plain.record.losses.test[0] ?? 0);
});
