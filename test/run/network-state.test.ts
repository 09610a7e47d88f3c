import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DataSplit, openDataset } from '../../src/dataset/index.js';
import { type Engine, openEngine, type TensorData } from '../../src/engine/index.js';
import { openProblem, resolveConfiguration } from '../../src/run/index.js';
import { TrainingLoop } from '../../src/run/loop.js';
import * as p from '../../src/testproblem/index.js';
import { relativeDistance } from '../contract/engine-case.js';

/** A network with running statistics, dropout masks and a residual, on images of MNIST's size. */
const network = p.defineTestProblem({
  name: 'small',
  description: '',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 20, numEpochs: 2 },
  initial: { weights: p.xavierUniform(), biases: p.constantValue(0) },
  network: [
    p.maxPool({ size: 4, stride: 4 }),
    p.conv2d({ filters: 4, kernel: 3, padding: 'same', bias: false }),
    p.batchNorm(),
    p.relu(),
    p.dropout(0.2),
    p.residual(p.sequential([p.conv2d({ filters: 4, kernel: 3, padding: 'same' }), p.batchNorm()])),
    p.flatten(),
    p.dense(10, { output: true }),
  ],
  loss: p.softmaxCrossEntropy(),
});

const family = { prior_iterations: 2, num_observations: 2 };
const rows: readonly Row[] = [
  { optimizer: 'adam', hyperparameters: { lr: 0.01 } },
  { optimizer: 'preconditioned-sgd', hyperparameters: family },
];

let engine: Engine;
let split: DataSplit;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
  const options = { dataDir: 'none', source: 'synthetic', syntheticSize: 240, fetch: false } as const;
  split = (await openDataset('mnist', options)).split(1, 'probprec');
});
afterAll(() => engine.dispose());

interface Row {
  readonly optimizer: string;
  readonly hyperparameters: Readonly<Record<string, number>>;
}

async function start(row: Row): Promise<TrainingLoop> {
  const request = { testproblem: 'mnist_logreg', ...row, batchSize: 20, numEpochs: 2, seed: 1, trainLogInterval: 1 };
  const resolved = await resolveConfiguration({ ...request, data: 'synthetic', syntheticSize: 240 });
  return TrainingLoop.start({ resolved: { ...resolved, testProblem: network }, split, engine });
}

describe.each(rows)('$optimizer on a network with running statistics and dropout', (row) => {
  test('goes on after a restart as if there had been none', async () => {
    const whole = await start(row);
    let saved: Awaited<ReturnType<typeof whole.training.save>> | undefined;
    await whole.run(async (epoch) => {
      if (epoch === 1) saved = await whole.training.save();
    });
    if (saved === undefined) throw new Error('nothing was saved after the first epoch');
    expect(Object.keys(saved.arrays).some((name) => name.includes('norm1.variance'))).toBe(true);

    const resumed = await start(row);
    await resumed.training.restore(saved);
    resumed.position = { epoch: 1, step: null };
    await resumed.run();
    const steps = whole.stepsPerEpoch;
    expect(whole.record.minibatchTrainLosses).toHaveLength(2 * steps);
    expect(resumed.record.minibatchTrainLosses).toEqual(whole.record.minibatchTrainLosses.slice(steps));
    expect(resumed.record.losses.test).toEqual(whole.record.losses.test.slice(2));
  });
});

test('a training moves running statistics once per minibatch, and evaluating does not', async () => {
  // With a learning rate of 0 the parameters stay, so that statistics are those of the minibatches alone.
  const loop = await start({ optimizer: 'adam', hyperparameters: { lr: 0 } });
  const found: Record<string, ArrayLike<number>>[] = [];
  await loop.run(async () => {
    const values: Record<string, ArrayLike<number>> = {};
    for (const [name, value] of Object.entries(loop.training.modelStates ?? {})) {
      values[name.replace('modelState/', '')] = await engine.download(value);
    }
    found.push(values);
  });
  const functions = await openProblem(network, { batchSize: 20, engine });
  const symbolic = network.build(20);
  const parameters = network.initialParameters(1);
  let states: Record<string, TensorData> = {};
  for (const epoch of [0, 1]) {
    let step = 0;
    for await (const batch of split.trainingBatches(epoch, 20)) {
      const drawn = Object.entries(p.minibatchNoise(symbolic, { seed: 1, epoch, step }));
      const noise = Object.fromEntries(drawn.map(([name, values]) => [name.replace('noise/', ''), values]));
      states = await functions.nextStates(parameters, batch, { states, noise });
      step += 1;
    }
    expect(Object.keys(found[epoch] ?? {}).toSorted()).toEqual(Object.keys(states).toSorted());
    for (const [name, values] of Object.entries(states)) {
      expect(relativeDistance(found[epoch]?.[name], values), `${name} after epoch ${epoch + 1}`).toBeLessThan(1e-5);
    }
  }
});
