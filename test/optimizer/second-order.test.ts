import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { type Hyperparameters, loadOptimizer, trainingTask } from '../../src/optimizer/index.js';
import {
  add,
  concatenate,
  constant,
  dot,
  multiply,
  reshape,
  square,
  subtract,
  sum,
  type Tensor,
} from '../../src/tensor/index.js';
import { defineTestProblem } from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { pointOf } from './toy-b.js';

/** Made by second-order-fixture.py, which states the loss. */
const fixture = JSON.parse(readFileSync(new URL('second-order.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly (readonly number[])[]>
>;

const shapes = [
  { name: 'w', shape: [3, 4] },
  { name: 'k', shape: [2, 2, 2, 2] },
  { name: 'c', shape: [5] },
];
const sizes = shapes.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
const total = sizes.reduce((a, b) => a + b, 0);

function vector(number: (k: number) => number): Tensor {
  return concatenate(
    Array.from({ length: total }, (_, k) => constant(number(k), [1])),
    0,
  );
}

const start = Float64Array.from({ length: total }, (_, k) => 0.8 * Math.sin(k + 1));

const problem = defineTestProblem({
  name: 'saddles',
  description: 'separate double wells and a term that couples them',
  dataset: 'none',
  defaults: { batchSize: 1, numEpochs: 1 },
  inputShape: [1],
  parameters: shapes.map(({ name, shape }, index) => ({
    name,
    shape,
    initial: () => new Float32Array(sizes[index] ?? 0),
    regularised: false,
  })),
  evaluate: ({ parameters }) => {
    const theta = concatenate(
      parameters.map((parameter, index) => reshape(parameter, [sizes[index] ?? 0])),
      0,
    );
    const squares = square(theta);
    const wells = subtract(
      multiply(dot(squares, squares), 0.25),
      multiply(
        dot(
          squares,
          vector((k) => 1 + 0.1 * (k % 4)),
        ),
        0.5,
      ),
    );
    const tilted = add(
      wells,
      dot(
        theta,
        vector((k) => 0.3 * Math.cos(2 * k)),
      ),
    );
    return { loss: add(tilted, multiply(square(sum(theta)), 0.025)), accuracy: null };
  },
});

test.each([
  ['newton-cg', {}, 1e-9],
  // Conjugate gradients amplify rounding errors the longer they go on.
  ['hessian-free', {}, 1e-7],
  ['saddle-free-newton', { dimension: 5 }, 1e-9],
  ['shampoo', { lr: 0.1, interval: 2, block_size: 3 }, 1e-9],
  // Along directions without gradient the step is a rounding error over ε = 1e-8, of numpy as of the oracle.
  ['soap', { lr: 0.05, interval: 2 }, 1e-7],
  ['soap without the axis of four', { lr: 0.05, interval: 2, max_dim: 3 }, 1e-9],
] as const)('%s takes the steps of the numpy reference', async (row, given, tolerance) => {
  const [name = ''] = row.split(' ');
  await expectSteps(openReferenceEngine(), row, name, given, tolerance);
});

test('the bases of soap turn as well in single precision', async () => {
  const engine = await openEngine({ engine: 'onnxruntime', threads: 1 });
  await expectSteps(engine, 'soap without the axis of four', 'soap', { lr: 0.05, interval: 2, max_dim: 3 }, 2e-5);
  await engine.dispose();
});

async function expectSteps(engine: Engine, row: string, name: string, given: object, tolerance: number) {
  let begin = 0;
  const parameters = sizes.map((size) => {
    begin += size;
    return start.slice(begin - size, begin);
  });
  const task = trainingTask(engine, problem, { stepsPerEpoch: 100, parameters });
  const optimizer = await loadOptimizer(name);
  const training = await optimizer.start(task, optimizer.hyperparameters.parse(given) as Hyperparameters);
  await training.beginEpoch(0, 1);
  for (const [step, wanted] of (fixture[row] ?? []).entries()) {
    await training.step({});
    const found = await pointOf(training, false, engine);
    expect(found).toHaveLength(total);
    for (const [index, number] of found.entries()) {
      expect(Math.abs(number - (wanted[index] ?? Number.NaN)), `step ${step + 1}, number ${index}`).toBeLessThan(
        tolerance,
      );
    }
  }
  expect(fixture[row]).toHaveLength(8);
}
