import { expect, test } from 'vitest';
import type { EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import type { Training } from '../../../src/optimizer/index.js';
import { curvatureOf, noisyBatches, parametersOf, SIZE, startNoisy, useNoisy } from './noisy-curvature.js';

const [PRIOR, PRODUCTS, OBSERVATIONS, STEPS] = [3, 5, 3, 14];
const batches = noisyBatches(STEPS);
const curvatures = batches.map(curvatureOf);

const start = (given: Record<string, unknown>) =>
  startNoisy(
    'preconditioned-sgd',
    {
      prior_iterations: PRIOR,
      num_observations: OBSERVATIONS,
      estimator: 'paper',
      scaling: 'relative',
      noise_products: PRODUCTS,
      ...given,
    },
    STEPS,
  );

const use = (training: Training, from: number, to: number) => useNoisy(training, batches.slice(from, to));

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
    expect(await parametersOf(after)).toEqual(await parametersOf(whole));
  },
);

test('is refused with other estimators', async () => {
  for (const estimator of ['thesis', 'author', 'krylov', 'oracle']) {
    await expect(start({ estimator })).rejects.toThrow('no noise_products but with estimator paper');
  }
});
