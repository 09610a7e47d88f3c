import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
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

const [PRIOR, OBSERVATIONS, STEPS] = [3, 3, 10];
const batches = noisyBatches(STEPS);
/** At θ = 2 the gradient of a minibatch is the diagonal of its Hessian. */
const gradients = batches.map(curvatureOf);
const squared = gradients.map((own) => own.map((value) => value ** 2));

/** With a learning rate of zero every epoch has the same parameters and minibatches, so the same α, w and λ. */
const start = (given: Record<string, unknown>) =>
  startNoisy(
    'preconditioned-tuned-sgd',
    {
      lr: 0,
      estimator: 'paper',
      scaling: 'relative',
      prior_iterations: PRIOR,
      num_observations: OBSERVATIONS,
      est_rank: SIZE,
      calibration: true,
      warm_start: true,
      ...given,
    },
    STEPS,
  );

interface Seen {
  readonly s: Matrix;
  readonly y: Matrix;
}

const { sums, ...scalars } = scalarsOf(gradients.slice(0, PRIOR), squared.slice(0, PRIOR));
const first: Seen = {
  s: unit(Matrix.columnVector(sums)).mul(-1),
  y: Matrix.columnVector(
    sums.map((_, i) => squared.slice(0, PRIOR).reduce((total, own) => total - (own[i] ?? 0), 0)),
  ).div(Math.hypot(...sums)),
};

/** An estimation as it should be, from the posterior that is given as its prior: scores, singular values, observations. */
function estimated(posterior: DensePosterior) {
  posterior.observe(first.s, first.y, scalars.lambda ** 2);
  const seen = [first];
  const scores: number[] = [];
  for (const own of gradients.slice(PRIOR, PRIOR + OBSERVATIONS - 1)) {
    const s = posterior.direction(own);
    const y = Matrix.columnVector(own.map((value, i) => value * s.get(i, 0)));
    const { curvature, variance } = posterior.predicted(s);
    scores.push((s.transpose().mmul(y).get(0, 0) - curvature) / Math.sqrt(variance + scalars.lambda ** 2));
    posterior.observe(s, y, scalars.lambda ** 2);
    seen.push({ s, y });
  }
  const sigma = new SingularValueDecomposition(posterior.mean).diagonal.slice(0, SIZE - 1);
  return { seen, scores, sigma };
}

const close = (found: readonly (number | null)[] | null | undefined, expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found?.[index]).toBeCloseTo(value, 8);
};

describe('warm_start', () => {
  test('without widening it is Bayesian updating: the posterior is the prior of the next estimation', async () => {
    const training = await start({ widening: 0, warm_columns: 2 * OBSERVATIONS });
    const posterior = new DensePosterior(SIZE, scalars);
    for (const epoch of [0, 1, 2]) {
      const expected = estimated(posterior);
      const { estimations, events } = await noisyEpoch(training, epoch, batches);
      expect(events).toEqual([]);
      expect(estimations[0]?.groups[0]).toMatchObject({
        alpha: expect.closeTo(scalars.alpha, 10),
        w: expect.closeTo(scalars.w, 10),
        lambda: expect.closeTo(scalars.lambda, 10),
      });
      expect(estimations[0]).toMatchObject({ observations: OBSERVATIONS, carried: epoch * OBSERVATIONS });
      close(estimations[0]?.calibration?.theta, expected.scores);
      close(estimations[0]?.sigma.theta, expected.sigma);
    }
  });

  test.each([1, 0.3])(
    'widened by %d, earlier observations are as much noisier with each estimation',
    async (widening) => {
      const training = await start({ warm_columns: 2 * OBSERVATIONS, widening });
      const history: Seen[][] = [];
      for (const epoch of [0, 1, 2]) {
        const posterior = new DensePosterior(SIZE, scalars);
        for (const [index, seen] of history.entries()) {
          const noise = scalars.lambda ** 2 * (1 + widening) ** (epoch - index);
          for (const { s, y } of seen) posterior.observe(s, y, noise);
        }
        const expected = estimated(posterior);
        history.push(expected.seen);
        const { estimations } = await noisyEpoch(training, epoch, batches);
        close(estimations[0]?.calibration?.theta, expected.scores);
        close(estimations[0]?.sigma.theta, expected.sigma);
      }
    },
  );

  test('the oldest observations are dropped, by default all but the last m', async () => {
    for (const [given, kept] of [
      [{}, OBSERVATIONS],
      [{ warm_columns: 2 }, 2],
    ] as const) {
      const training = await start(given);
      let history: Seen[] = [];
      for (const epoch of [0, 1, 2]) {
        const posterior = new DensePosterior(SIZE, scalars);
        // All that is kept is one estimation old.
        for (const { s, y } of history) posterior.observe(s, y, scalars.lambda ** 2 * 2);
        const expected = estimated(posterior);
        history = expected.seen.slice(-kept);
        const { estimations } = await noisyEpoch(training, epoch, batches);
        expect(estimations[0]?.carried).toBe(epoch === 0 ? 0 : kept);
        close(estimations[0]?.sigma.theta, expected.sigma);
      }
    }
  });

  test('the first estimation is the one that it would be without', async () => {
    const [warm, cold] = [await start({}), await start({ warm_start: null })];
    const [of, without] = [await noisyEpoch(warm, 0, batches), await noisyEpoch(cold, 0, batches)];
    close(of.estimations[0]?.sigma.theta, without.estimations[0]?.sigma.theta as number[]);
    expect(without.estimations[0]).not.toHaveProperty('carried');
  });

  test('is refused with other estimators, and its settings without it', async () => {
    for (const estimator of ['thesis', 'author', 'krylov', 'oracle']) {
      await expect(start({ estimator, calibration: null })).rejects.toThrow('no warm_start but with estimator paper');
    }
    await expect(start({ warm_start: null, widening: 1 })).rejects.toThrow('no widening without warm_start');
    await expect(start({ warm_start: false, warm_columns: 1 })).rejects.toThrow('no warm_columns without warm_start');
    await expect(start({ widening: -1 })).rejects.toThrow();
  });
});
