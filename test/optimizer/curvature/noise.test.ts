import { expect, test } from 'vitest';
import type { EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { mean, multiply, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem, type LossValues } from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

const SIZE = 8;
const BATCH = 4;
const [PRIOR, PRODUCTS, OBSERVATIONS, STEPS] = [3, 5, 3, 14];

/** ½ mean of Σ xᵢ² (θᵢ − 1)²: the Hessian of a minibatch is the diagonal of its mean x². */
const noisy = defineTestProblem({
  name: 'noisy_curvature',
  description: 'a curvature that is new in each minibatch',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(2), regularised: false, group: 'all' }],
  evaluate: ({ inputs, parameters: [theta] }): LossValues => {
    if (theta === undefined) throw new Error('no parameters');
    const product = multiply(inputs, subtract(theta, 1));
    return { loss: multiply(mean(sum(multiply(product, product), [1])), 0.5), accuracy: null };
  },
});

const batches = Array.from({ length: STEPS }, (_, step) => {
  const stream = randomStream(7, 'noise', step);
  return Float64Array.from({ length: BATCH * SIZE }, () => 1 + 0.5 * stream.normal());
});
/** The diagonal of a minibatch's Hessian. */
const curvatures = batches.map((inputs) =>
  Array.from({ length: SIZE }, (_, i) => {
    let total = 0;
    for (let example = 0; example < BATCH; example++) total += (inputs[example * SIZE + i] ?? 0) ** 2 / BATCH;
    return total;
  }),
);

const engine = openReferenceEngine();

async function start(given: Record<string, unknown>): Promise<Training> {
  const optimizer = await loadOptimizer('preconditioned-sgd');
  const settings = {
    prior_iterations: PRIOR,
    num_observations: OBSERVATIONS,
    estimator: 'paper',
    scaling: 'relative',
    noise_products: PRODUCTS,
    ...given,
  };
  const hyperparameters = optimizer.hyperparameters.parse(settings) as Hyperparameters;
  return optimizer.start(trainingTask(engine, noisy, { batchSize: BATCH, stepsPerEpoch: STEPS }), hyperparameters);
}

async function use(training: Training, from: number, to: number): Promise<void> {
  for (const inputs of batches.slice(from, to)) await training.step(batchFeeds(engine, noisy, BATCH, { inputs }));
}

test('λ is the scatter of the products of the mean gradient', async () => {
  const training = await start({});
  await training.beginEpoch(0, 1);
  await use(training, 0, STEPS);
  const { estimations } = (await training.endEpoch()) as { readonly estimations: readonly EstimationRecord[] };
  // At θ = 2 the gradient of a minibatch is the diagonal of its Hessian.
  const gradient = Array.from({ length: SIZE }, (_, i) =>
    curvatures.slice(0, PRIOR).reduce((total, own) => total + (own[i] ?? 0) / PRIOR, 0),
  );
  const products = curvatures.slice(PRIOR, PRIOR + PRODUCTS).map((own) => own.map((c, i) => c * (gradient[i] ?? 0)));
  const middle = gradient.map((_, i) => products.reduce((total, own) => total + (own[i] ?? 0) / PRODUCTS, 0));
  const scatter = products.reduce(
    (total, own) => total + own.reduce((sum, value, i) => sum + (value - (middle[i] ?? 0)) ** 2, 0),
    0,
  );
  const squared = gradient.reduce((total, value) => total + value ** 2, 0);
  expect(estimations[0]?.groups[0]?.lambda).toBeCloseTo(Math.sqrt(scatter / ((PRODUCTS - 1) * SIZE * squared)), 10);
  expect(estimations[0]?.step).toBe(PRIOR + PRODUCTS + OBSERVATIONS - 1);
  expect(training.evaluations).toMatchObject({ products: PRIOR + PRODUCTS + OBSERVATIONS - 1, gradients: STEPS });
});

test.each([PRIOR, PRIOR + 2, PRIOR + PRODUCTS, PRIOR + PRODUCTS + 1])(
  'goes on from a checkpoint after step %i',
  async (step) => {
    const whole = await start({});
    await whole.beginEpoch(0, 1);
    await use(whole, 0, STEPS);
    const before = await start({});
    await before.beginEpoch(0, 1);
    await use(before, 0, step);
    const after = await start({});
    await after.restore(await before.save());
    await after.continueEpoch?.(0, 1);
    await use(after, step, STEPS);
    const numbers = async ({ parameters: [theta] }: Training) =>
      theta === undefined ? [] : Array.from(await engine.download(theta));
    expect(await numbers(after)).toEqual(await numbers(whole));
  },
);

test('is refused with other estimators', async () => {
  for (const estimator of ['thesis', 'author', 'krylov', 'oracle']) {
    await expect(start({ estimator })).rejects.toThrow('no noise_products but with estimator paper');
  }
});
