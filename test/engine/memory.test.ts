import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { loadOptimizer, trainingTask } from '../../src/optimizer/index.js';
import { randomStream } from '../../src/random/index.js';
import { program } from '../../src/tensor/index.js';
import { inputNames, loadTestProblem } from '../../src/testproblem/index.js';
import { batchOf } from '../contract/engine-training.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentMegabytes(): number {
  collectGarbage();
  return process.memoryUsage.rss() / 2 ** 20;
}

const trainings = [
  { name: 'mnist_logreg', batchSize: 128, count: 2000 },
  { name: 'mnist_mlp', batchSize: 4, count: 60 },
];

test.each(trainings)('memory stays flat over $count training steps of $name', async ({ name, batchSize, count }) => {
  const problem = await loadTestProblem(name);
  const engine = await openEngine({ threads: 1 });
  const adam = await loadOptimizer('adam');
  const task = trainingTask(engine, problem, { batchSize, l2Reg: 0, stepsPerEpoch: count, seed: 1 });
  const training = await adam.start(task, { lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const { inputs = new Float32Array(), labels = new Int32Array() } = batchOf(problem, batchSize, randomStream(1));
  await training.beginEpoch(0, 1);
  const steps = async (number: number) => {
    for (let step = 0; step < number; step++) {
      await training.step({
        [inputNames.inputs]: engine.upload(inputs.slice(), [batchSize, ...problem.inputShape]),
        [inputNames.labels]: engine.upload(labels, [batchSize]),
      });
    }
  };
  await steps(count / 10);
  const before = residentMegabytes();
  await steps(count);
  // Were the values of every step kept, there would be 1 GB more; the allocator's own slack comes and goes.
  expect(residentMegabytes() - before).toBeLessThan(150);
  await engine.dispose();
});

test('memory stays flat over 200 programs that are compiled and disposed', async () => {
  const problem = await loadTestProblem('mnist_logreg');
  const compileAll = async () => {
    const engine = await openEngine({ threads: 1 });
    for (let batchSize = 1; batchSize <= 20; batchSize++) {
      const { loss } = problem.build(batchSize);
      await engine.compile(program({ loss }));
    }
    await engine.dispose();
  };
  await compileAll();
  await compileAll();
  const before = residentMegabytes();
  for (let round = 0; round < 10; round++) await compileAll();
  expect(residentMegabytes() - before).toBeLessThan(60);
});
