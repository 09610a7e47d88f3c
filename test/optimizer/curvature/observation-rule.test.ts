import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { observationRule } from '../../../src/optimizer/curvature/observation-rule.js';
import { loadOptimizer } from '../../../src/optimizer/index.js';
import {
  curvatureOf,
  DensePosterior,
  noisyBatches,
  noisyEpoch,
  SIZE,
  scalarsOf,
  startNoisy,
  unit,
} from './noisy-curvature.js';

const [PRIOR, PRODUCTS, STEPS] = [3, 6, 80];

const start = (given: Record<string, unknown>) =>
  startNoisy(
    'preconditioned-tuned-sgd',
    {
      lr: 0,
      estimator: 'paper',
      scaling: 'relative',
      prior_iterations: PRIOR,
      noise_products: PRODUCTS,
      num_observations: 'auto:60',
      ...given,
    },
    STEPS,
  );

/** How many observations there should be, from full matrices. */
function expectedCount(batches: readonly Float64Array[], most: number): number {
  const gradients = batches.map(curvatureOf);
  const diagonal = (own: readonly number[], s: Matrix) =>
    Matrix.columnVector(own.map((value, i) => value * s.get(i, 0)));
  const products = gradients.map((own) => own.map((value) => value ** 2));
  const { sums, ...scalars } = scalarsOf(gradients.slice(0, PRIOR), products.slice(0, PRIOR));
  const s0 = unit(Matrix.columnVector(sums));
  const scattered = gradients.slice(PRIOR, PRIOR + PRODUCTS).map((own) => diagonal(own, s0));
  const middle = scattered.reduce((sum, own) => Matrix.add(sum, own), Matrix.zeros(SIZE, 1)).div(PRODUCTS);
  const scatter = scattered.reduce((sum, own) => sum + Matrix.sub(own, middle).norm('frobenius') ** 2, 0);
  const noise = scatter / ((PRODUCTS - 1) * SIZE);
  const along = scattered.map((own) => s0.transpose().mmul(own).get(0, 0));
  const middleAlong = along.reduce((sum, value) => sum + value, 0) / PRODUCTS;
  const curvatureNoise = along.reduce((sum, value) => sum + (value - middleAlong) ** 2, 0) / (PRODUCTS - 1);
  const posterior = new DensePosterior(SIZE, scalars);
  const y0 = Matrix.columnVector(sums.map((_, i) => products.slice(0, PRIOR).reduce((t, own) => t + (own[i] ?? 0), 0)));
  posterior.observe(s0, y0.div(Math.hypot(...sums)), noise);
  for (let count = 1; count < most; count++) {
    const own = gradients[PRIOR + PRODUCTS + count - 1] ?? [];
    const s = posterior.direction(own);
    const { variance } = posterior.predicted(s);
    posterior.observe(s, diagonal(own, s), noise);
    if (variance <= curvatureNoise) return count + 1;
  }
  return most;
}

test('as many observations as full matrices say are needed', async () => {
  const counts: number[] = [];
  for (const spread of [0.02, 0.5, 2, 8]) {
    const batches = noisyBatches(STEPS, spread);
    const { estimations } = await noisyEpoch(await start({}), 0, batches);
    const expected = expectedCount(batches, 60);
    expect(estimations[0]?.observations).toBe(expected);
    expect(estimations[0]?.step).toBe(PRIOR + PRODUCTS + expected - 1);
    counts.push(expected);
  }
  expect(new Set(counts).size).toBeGreaterThan(2);
  // One that would need nine ends where it may have no more.
  const { estimations } = await noisyEpoch(await start({ num_observations: 'auto:6' }), 0, noisyBatches(STEPS, 0.02));
  expect(estimations[0]?.observations).toBe(6);
});

test('never more than the maximum, 20 where none is stated', async () => {
  const batches = noisyBatches(40, 0);
  for (const [num_observations, most] of [
    ['auto', 20],
    ['auto:4', 4],
  ] as const) {
    // Without noise in the products nothing is explained by it; but a direction that is no new one ends the layer.
    const training = await start({ num_observations, calibration: true });
    const { estimations, events } = await noisyEpoch(training, 0, batches);
    const left = events.some(({ event }) => event === 'layer left out');
    expect(estimations[0]?.observations ?? most).toBeLessThanOrEqual(most);
    if (!left) expect(estimations[0]?.observations).toBe(most);
  }
});

test('is a number or auto with a maximum', async () => {
  expect(observationRule(7)).toEqual({ most: 7, auto: false });
  expect(observationRule('auto')).toEqual({ most: 20, auto: true });
  expect(observationRule('auto:9')).toEqual({ most: 9, auto: true });
  const { hyperparameters } = await loadOptimizer('preconditioned-sgd');
  for (const num_observations of ['auto:1', 'auto:0', 'auto:', 'automatic', '5', 'auto:2.5', 0, -1, 2.5, null]) {
    expect(hyperparameters.safeParse({ estimator: 'paper', num_observations }).success, `${num_observations}`).toBe(
      false,
    );
  }
  for (const estimator of ['thesis', 'author', 'krylov', 'oracle']) {
    const parsed = hyperparameters.safeParse({ estimator, num_observations: 'auto' });
    expect(parsed.error?.issues[0]?.message).toContain('auto goes with estimator paper only');
  }
  const only = (await loadOptimizer('only-adaptive-sgd')).hyperparameters;
  expect(only.safeParse({ num_observations: 'auto' }).success).toBe(false);
});

test('an epoch must have room for the maximum', async () => {
  const optimizer = await loadOptimizer('adaptive-sgd');
  const settings = optimizer.hyperparameters.parse({ estimator: 'paper', num_observations: 'auto:30' });
  expect(optimizer.minimumStepsPerEpoch?.(settings as never)).toEqual({
    steps: 50,
    why: 'prior_iterations 10 + num_observations at most 30 + 10',
  });
});
