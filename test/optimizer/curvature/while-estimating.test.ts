import { describe, expect, test } from 'vitest';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { mean, multiply, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem, type LossValues } from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

const SIZE = 6;
const BATCH = 4;
const CURVATURE = 2;

/** A bowl of curvature 2 whose minimum is the mean of the inputs. */
const bowl = defineTestProblem({
  name: 'bowl',
  description: 'curvature 2',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(1), regularised: false, group: 'all' }],
  evaluate: ({ inputs, parameters: [theta] }): LossValues => {
    if (theta === undefined) throw new Error('no parameters');
    const difference = subtract(theta, inputs);
    return { loss: multiply(mean(sum(multiply(difference, difference), [1])), CURVATURE / 2), accuracy: null };
  },
});

const STEPS = 12;
const inputs = (epoch: number, step: number) => {
  const stream = randomStream(3, 'bowl', epoch, step);
  return Float64Array.from({ length: BATCH * SIZE }, () => 0.3 * stream.normal());
};
const centre = (epoch: number, step: number) =>
  Array.from({ length: SIZE }, (_, i) => {
    let total = 0;
    for (let example = 0; example < BATCH; example++) total += (inputs(epoch, step)[example * SIZE + i] ?? 0) / BATCH;
    return total;
  });

const engine = openReferenceEngine();

async function start(name: string, given: Record<string, unknown>): Promise<Training> {
  const optimizer = await loadOptimizer(name);
  const settings = { prior_iterations: 4, num_observations: 3, train_while_estimating: true, ...given };
  const hyperparameters = optimizer.hyperparameters.parse(settings) as Hyperparameters;
  return optimizer.start(trainingTask(engine, bowl, { batchSize: BATCH, stepsPerEpoch: STEPS }), hyperparameters);
}

const parameters = async ({ parameters: [theta] }: Training) =>
  theta === undefined ? [] : Array.from(await engine.download(theta));

/** Minibatches from..to − 1 of an epoch; the parameters after each. */
async function use(training: Training, epoch: number, from = 0, to = STEPS): Promise<number[][]> {
  const after: number[][] = [];
  for (let step = from; step < to; step++) {
    await training.step(batchFeeds(engine, bowl, BATCH, { inputs: inputs(epoch, step) }));
    after.push(await parameters(training));
  }
  return after;
}

/** A step of plain gradient descent on the bowl. */
const descended = (theta: readonly number[], rate: number, epoch: number, step: number) => {
  const middle = centre(epoch, step);
  return theta.map((value, i) => value - rate * CURVATURE * (value - (middle[i] ?? 0)));
};

const expectClose = (found: readonly number[] | undefined, expected: readonly number[]) => {
  for (const [i, value] of expected.entries()) expect(found?.[i]).toBeCloseTo(value, 12);
};

describe('train_while_estimating', () => {
  test('steps go on with the last α while the next one is estimated', async () => {
    const training = await start('adaptive-sgd', {});
    await training.beginEpoch(0, 1);
    const first = await use(training, 0);
    // Nothing is known before the first estimate: n + m − 1 minibatches without a step.
    expect(first[5]).toEqual(Array.from({ length: SIZE }, () => 1));
    await training.endEpoch();
    await training.beginEpoch(1, 1);
    let theta = first.at(-1) ?? [];
    // α of a bowl is the inverse of its curvature.
    for (const [step, after] of (await use(training, 1)).entries()) {
      theta = descended(theta, 1 / CURVATURE, 1, step);
      expectClose(after, theta);
    }
    expect(training.evaluations).toMatchObject({ gradients: 6 + 6 + (6 + 12), products: 12 });
  });

  test('a given learning rate holds before the first estimate, and while the second one is made', async () => {
    const training = await start('adaptive-sgd', { lr: 0.1 });
    let theta: number[] = Array.from({ length: SIZE }, () => 1);
    for (const epoch of [0, 1]) {
      await training.beginEpoch(epoch, 1);
      for (const [step, after] of (await use(training, epoch)).entries()) {
        theta = descended(theta, epoch === 0 || step < 6 ? 0.1 : 1 / CURVATURE, epoch, step);
        expectClose(after, theta);
      }
      await training.endEpoch();
    }
  });

  test.each([
    ['adaptive-sgd', {}],
    ['preconditioned-momentum', { momentum: 0.5, lr: 0.01 }],
    ['preconditioned-sgd', { restart: 'drift', lr: 0.01, safeguard: true }],
    ['preconditioned-sgd', { restart: 'steps:9', estimator: 'paper' }],
    ['preconditioned-sgd', { estimator: 'krylov', num_observations: 4 }],
    ['preconditioned-tuned-sgd', { estimator: 'oracle', num_observations: 3, lr: 0.1 }],
    ['only-adaptive-sgd', { restart: 'steps:6' }],
  ])('%s %j goes on from a checkpoint after any step as if nothing had been', async (name, given) => {
    const whole = await start(name, given);
    const states: Awaited<ReturnType<Training['save']>>[] = [];
    for (const epoch of [0, 1]) {
      await whole.beginEpoch(epoch, 1);
      for (let step = 0; step < STEPS; step++) {
        states.push(structuredClone(await whole.save()));
        await use(whole, epoch, step, step + 1);
      }
      await whole.endEpoch();
    }
    const expected = await parameters(whole);
    for (const [index, state] of states.entries()) {
      const training = await start(name, given);
      await training.restore(state);
      const [epoch, step] = [Math.floor(index / STEPS), index % STEPS];
      if (step === 0) await training.beginEpoch(epoch, 1);
      else await training.continueEpoch?.(epoch, 1);
      await use(training, epoch, step);
      await training.endEpoch();
      if (epoch === 0) {
        await training.beginEpoch(1, 1);
        await use(training, 1);
        await training.endEpoch();
      }
      expect(await parameters(training), `after ${index} steps`).toEqual(expected);
    }
  });

  test('is refused where minibatches are to pass without a step', async () => {
    await expect(start('only-adaptive-sgd', { idle_observations: true })).rejects.toThrow(
      'no train_while_estimating with idle_observations',
    );
  });
});
