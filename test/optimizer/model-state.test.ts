import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  defineOptimizer,
  type Hyperparameters,
  loadOptimizer,
  type OptimizerDefinition,
  scaleByLearningRate,
  type Training,
  trainingTask,
} from '../../src/optimizer/index.js';
import { randomStream } from '../../src/random/index.js';
import { add, input, mean, multiply, square, subtract, sum } from '../../src/tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  type SymbolicProblem,
  type TestProblem,
} from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

const SIZE = 30;
const BATCH = 4;
const EPOCH = 12;

const plain = defineTestProblem({
  name: 'plain',
  description: '',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(1), regularised: false }],
  evaluate: ({ inputs }) => ({ loss: mean(inputs), accuracy: null }),
});

/**
 * A network with states and noise, by hand: `bn.mean` follows the mean of the moved inputs by halves over the whole run;
 * `count` counts minibatches, starts anew with each epoch and is part of the loss; `noise/shift` moves the inputs.
 */
const stateful: TestProblem = {
  ...plain,
  build: (batchSize) => {
    const [theta, inputs, shift] = [
      input('parameter/theta', [SIZE]),
      input('inputs', [batchSize, SIZE]),
      input('noise/shift', [batchSize, SIZE]),
    ];
    const [running, count] = [input('modelState/bn.mean', [SIZE]), input('modelState/count', [])];
    const moved = add(inputs, shift);
    const problem = {
      batchSize,
      parameters: [theta],
      loss: add(multiply(mean(sum(square(subtract(theta, moved)), [1])), 2), multiply(count, 10)),
      accuracy: null,
      states: [
        { name: 'bn.mean', shape: [SIZE], dtype: 'float', initial: new Float32Array(SIZE).fill(3), per: 'run' },
        { name: 'count', shape: [], dtype: 'float', initial: new Float32Array(1), per: 'pass' },
      ],
      nextStates: { 'bn.mean': multiply(add(running, mean(moved, [0])), 0.5), count: add(count, 1) },
      noises: [{ name: 'shift', shape: [batchSize, SIZE], distribution: { kind: 'normal' } }],
    };
    return problem as unknown as SymbolicProblem;
  },
};

const engine = openReferenceEngine();

function numbers(name: string, epoch: number, step: number): Float64Array {
  const stream = randomStream(3, name, epoch, step);
  return Float64Array.from({ length: BATCH * SIZE }, () => 0.1 * stream.normal());
}

async function start(optimizer: OptimizerDefinition, given: Readonly<Record<string, unknown>>): Promise<Training> {
  const task = trainingTask(engine, stateful, { stepsPerEpoch: EPOCH });
  return optimizer.start(task, optimizer.hyperparameters.parse(given) as Hyperparameters);
}

async function epochOf(training: Training, epoch: number, steps = EPOCH): Promise<number[]> {
  await training.beginEpoch(epoch, 1);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(
      await training.step({
        inputs: engine.upload(numbers('inputs', epoch, step), [BATCH, SIZE]),
        'noise/shift': engine.upload(numbers('shift', epoch, step), [BATCH, SIZE]),
      }),
    );
  }
  return losses;
}

/** bn.mean after one pass per minibatch over these steps of the epochs, in plain numbers. */
function expectedMean(places: readonly (readonly [epoch: number, step: number])[]): number[] {
  let running = Array<number>(SIZE).fill(3);
  for (const [epoch, step] of places) {
    const [x, shift] = [numbers('inputs', epoch, step), numbers('shift', epoch, step)];
    running = running.map((value, i) => {
      let total = 0;
      for (let row = 0; row < BATCH; row++) total += (x[row * SIZE + i] ?? 0) + (shift[row * SIZE + i] ?? 0);
      return 0.5 * (value + total / BATCH);
    });
  }
  return running;
}

async function stateOf(training: Training, name: string): Promise<number[]> {
  const value = training.modelStates?.[`modelState/${name}`];
  return value === undefined ? [] : [...(await engine.download(value))];
}

const places = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, index) => [Math.floor((from + index) / EPOCH), (from + index) % EPOCH] as const,
  );

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 12);
}

/** SGD that evaluates the loss at many points in each step. */
const searching = defineOptimizer({
  name: 'searching',
  className: 'Searching',
  description: '',
  hyperparameters: z.strictObject({ lr: z.number() }),
  transformation: ({ lr }) => {
    const sgd = scaleByLearningRate(lr);
    return {
      ...sgd,
      update: (gradients, context) => {
        const there = context.gradientsAt(context.parameters.map((p) => add(p, 1)));
        const product = context.hessianVectorProduct(there.gradients);
        context.log('distance', sum(subtract(product[0] ?? 0, context.lossAt(product))));
        return sgd.update(gradients, { ...context, state: [] });
      },
    };
  },
});

const newton = async () =>
  ((await import('../../examples/optimizers/newton-cg.mjs' as string)) as { default: OptimizerDefinition }).default;

describe('the state of a network', () => {
  test.each([
    ['sgd', () => loadOptimizer('sgd'), { lr: 0.01 }],
    ['a rule with further passes', async () => searching, { lr: 0.01 }],
    ['a rule on the host with products and a line search', newton, {}],
  ])('moves once per training minibatch, with %s', async (_, load, given) => {
    const training = await start(await load(), given);
    await epochOf(training, 0);
    expectClose(await stateOf(training, 'bn.mean'), expectedMean(places(0, EPOCH)));
    expect(await stateOf(training, 'count')).toEqual([EPOCH]);
    await epochOf(training, 1, 3);
    expectClose(await stateOf(training, 'bn.mean'), expectedMean(places(0, EPOCH + 3)));
    expect(await stateOf(training, 'count')).toEqual([3]);
  });

  test('is seen as it was at the beginning of the step by every pass', async () => {
    const training = await start(searching, { lr: 0 });
    const [first = 0, second = 0] = await epochOf(training, 0, 2);
    // With lr = 0 only noise, inputs and the state differ: the second loss has one count more.
    expect(second - first).toBeGreaterThan(5);
    expect(second - first).toBeLessThan(15);
  });

  test('of the phases of the preconditioner that take no step, moves only what belongs to the pass over the data', async () => {
    const optimizer = await loadOptimizer('preconditioned-sgd');
    const training = await start(optimizer, { prior_iterations: 4, num_observations: 3 });
    await epochOf(training, 0, 6);
    expect(await stateOf(training, 'count')).toEqual([6]);
    expectClose(await stateOf(training, 'bn.mean'), Array(SIZE).fill(3));
    const other = await start(optimizer, { prior_iterations: 4, num_observations: 3 });
    await epochOf(other, 0);
    expect(await stateOf(other, 'count')).toEqual([EPOCH]);
    expectClose(await stateOf(other, 'bn.mean'), expectedMean(places(6, EPOCH)));
  });

  test.each([
    ['sgd', () => loadOptimizer('sgd'), { lr: 0.01 }],
    [
      'preconditioned-sgd',
      () => loadOptimizer('preconditioned-sgd'),
      { prior_iterations: 4, num_observations: 3, restart: 'steps:9' },
    ],
    ['newton-cg', newton, {}],
  ])('is saved and restored by %s', async (_, load, given) => {
    const whole = await start(await load(), given);
    const losses = [await epochOf(whole, 0), await epochOf(whole, 1), await epochOf(whole, 2)].flat();
    let split = await start(await load(), given);
    const again: number[] = [];
    for (const epoch of [0, 1, 2]) {
      again.push(...(await epochOf(split, epoch)));
      const saved = await split.save();
      split = await start(await load(), given);
      await split.restore({ ...saved, values: JSON.parse(JSON.stringify(saved.values)) });
    }
    expect(again).toEqual(losses);
    expect(await stateOf(split, 'bn.mean')).toEqual(await stateOf(whole, 'bn.mean'));
    expect(split.evaluations).toEqual(whole.evaluations);
  });
});
