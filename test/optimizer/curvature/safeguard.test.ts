import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { symmetricEigen } from '../../../src/curvature/index.js';
import type { EstimationEvent, SafeguardRecord } from '../../../src/optimizer/curvature/log.js';
import { type Hyperparameters, loadOptimizer, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { matmul, mean, multiply, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem, type TestProblem } from '../../../src/testproblem/index.js';
import { withEigenvalues } from '../../curvature/matrices.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

const SIZE = 12;
const BATCH = 4;
const eigenvalues = [20, 9, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
const hessian = withEigenvalues(eigenvalues, randomStream(3, 'hessian'));

/** Mean of ½ (θ − x)ᵀ H (θ − x). */
const quadratic = problemOf('known_quadratic', Float64Array.from(hessian.to1DArray()));

function problemOf(name: string, matrix: Float64Array): TestProblem {
  return defineTestProblem({
    name,
    description: 'a quadratic',
    dataset: 'none',
    inputShape: [SIZE],
    defaults: { batchSize: BATCH, numEpochs: 1 },
    parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(1), regularised: false }],
    constants: { hessian: { shape: [SIZE, SIZE], data: () => matrix as never } },
    evaluate: ({ inputs, parameters: [theta], constants: { hessian: h } }) => {
      if (theta === undefined || h === undefined) throw new Error('no parameters');
      const difference = subtract(theta, inputs);
      return { loss: multiply(mean(sum(multiply(matmul(difference, h), difference), [1])), 0.5), accuracy: null };
    },
  });
}

/** Mean of ½ x₀ ‖θ‖²: the curvature of a minibatch is the mean of its inputs' first numbers. */
const uncertain = defineTestProblem({
  name: 'uncertain_curvature',
  description: 'a curvature of either sign',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(1), regularised: false }],
  evaluate: ({ inputs, parameters: [theta] }) => {
    if (theta === undefined) throw new Error('no parameters');
    return { loss: multiply(multiply(mean(inputs), sum(multiply(theta, theta))), 0.5), accuracy: null };
  },
});

interface Log {
  readonly events: readonly EstimationEvent[];
  readonly safeguard?: SafeguardRecord;
}

async function train(
  problem: TestProblem,
  name: string,
  given: Record<string, unknown>,
  { steps = 60, shift = 0 } = {},
) {
  const engine = openReferenceEngine();
  const optimizer = await loadOptimizer(name);
  const task = trainingTask(engine, problem, { batchSize: BATCH, stepsPerEpoch: steps });
  const training = await optimizer.start(
    task,
    optimizer.hyperparameters.parse({ prior_iterations: 6, num_observations: 4, ...given }) as Hyperparameters,
  );
  await training.beginEpoch(0, 1);
  const stream = randomStream(5, 'batches');
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const inputs = Float64Array.from({ length: BATCH * SIZE }, () => shift + stream.normal());
    losses.push(await training.step(batchFeeds(engine, problem, BATCH, { inputs })));
  }
  return { losses, log: (await training.endEpoch()) as unknown as Log, training };
}

describe('a step that is longer than the curvature allows', () => {
  test.each(['adaptive-sgd', 'only-adaptive-sgd', 'preconditioned-tuned-sgd'])(
    '%s diverges without, not with it',
    async (name) => {
      const given =
        name === 'preconditioned-tuned-sgd' ? { lr: 0.5, estimator: 'paper', scaling: 'relative' } : { lr: 0.5 };
      const without = await train(quadratic, name, given);
      expect(without.losses.at(-1)).toBeGreaterThan(1e6);
      expect(without.log.safeguard).toBeUndefined();
      const { losses, log, training } = await train(quadratic, name, { ...given, safeguard: true });
      expect(losses.at(-1)).toBeLessThan(10 * (losses[0] ?? 0));
      expect(log.events.filter(({ event }) => event === 'step shortened')).toHaveLength(1);
      expect(log.safeguard?.shortened).toBeGreaterThan(30);
      // A product costs a gradient and a product: the first five steps of phase 4 and every tenth.
      expect(log.safeguard?.products).toBe(10);
      const { gradients, products } = training.evaluations ?? { gradients: 0, products: 0 };
      const estimation = name === 'only-adaptive-sgd' ? 6 : 9;
      expect([gradients, products]).toEqual([60 + 10, estimation + 10]);
    },
  );

  test('the length times the largest eigenvalue, found to a percent', async () => {
    const { log } = await train(quadratic, 'only-adaptive-sgd', { lr: 0.5, safeguard: true, safeguard_interval: 1 });
    expect(log.safeguard?.largest).toBeLessThanOrEqual(0.5 * 20 + 1e-9);
    expect(log.safeguard?.largest).toBeGreaterThan(0.99 * 0.5 * 20);
  });

  test('of the preconditioned Hessian where the step is preconditioned', async () => {
    const given = {
      lr: 0.5,
      estimator: 'oracle',
      est_rank: 1,
      scaling: 'sqrt',
      safeguard: true,
      safeguard_interval: 1,
    };
    const { log } = await train(quadratic, 'preconditioned-tuned-sgd', given);
    const { vectors } = symmetricEigen(hessian) ?? { vectors: hessian };
    const top = Matrix.columnVector(vectors.getColumn(SIZE - 1));
    // P^½ = I + (σ^(−¼) − 1) u uᵀ.
    const root = Matrix.add(Matrix.eye(SIZE), top.mmul(top.transpose()).mul(20 ** -0.25 - 1));
    const dense = symmetricEigen(root.mmul(hessian).mmul(root).mul(0.5))?.values.at(-1) ?? 0;
    expect(log.safeguard?.largest).toBeLessThanOrEqual(dense * (1 + 1e-3));
    expect(log.safeguard?.largest).toBeGreaterThan(0.98 * dense);
  });

  test('a step that is short enough stays as it is, to the bit', async () => {
    const given = { lr: 0.01 };
    const [without, guarded] = [
      await train(quadratic, 'adaptive-sgd', given),
      await train(quadratic, 'adaptive-sgd', { ...given, safeguard: true }),
    ];
    expect(guarded.losses).toEqual(without.losses);
    expect(guarded.log.safeguard).toMatchObject({ shortened: 0 });
  });
});

test('a curvature that may as well vanish or be negative gives no step size', async () => {
  const [blind, guarded, certain] = [
    await train(uncertain, 'only-adaptive-sgd', {}, { steps: 8, shift: 0.05 }),
    await train(uncertain, 'only-adaptive-sgd', { safeguard: true }, { steps: 8, shift: 0.05 }),
    await train(uncertain, 'only-adaptive-sgd', { safeguard: true }, { steps: 8, shift: 1 }),
  ];
  expect(blind.log.events).toEqual([]);
  expect(guarded.log.events).toMatchObject([
    { event: 'step size not usable', reason: expect.stringContaining('scatter') },
  ]);
  expect(certain.log.events.filter(({ event }) => event === 'step size not usable')).toEqual([]);
});

test('an interval goes with the safeguard only', async () => {
  const { hyperparameters } = await loadOptimizer('adaptive-sgd');
  expect(hyperparameters.safeParse({ safeguard_interval: 5 }).success).toBe(false);
  expect(hyperparameters.safeParse({ safeguard: true, safeguard_interval: 5 }).success).toBe(true);
});
