import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { paperEstimator } from '../../../src/optimizer/curvature/estimators/paper.js';
import { departureOf, expectationOf } from '../../../src/optimizer/curvature/expectation.js';
import { restartRule } from '../../../src/optimizer/curvature/restart.js';
import { calmState, uncertaintyChart, withDeparture } from '../../../src/optimizer/curvature/uncertainty-chart.js';
import { loadOptimizer } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { normalMatrix } from '../../curvature/matrices.js';
import { DensePosterior, noisyBatches, noisyEpoch, startNoisy, unit } from './noisy-curvature.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`expectation and deviation are those of full matrices (PROBPREC_TEST_SEED=${seed})`, () => {
  const stream = randomStream(seed, 'expectation');
  const normal = (rows: number, columns: number) => normalMatrix(stream, rows, columns);
  const layers = [5, 9].map((size) => {
    const prior = { alpha: 0.3 + stream.uniform(), w: 1 + stream.uniform(), lambda: 0.5 };
    const posterior = new DensePosterior(size, prior);
    const columns = Array.from({ length: 4 }, () => ({ s: unit(normal(size, 1)), y: normal(size, 1) }));
    const noise = [2, 1, 1, 1];
    for (const [index, { s, y }] of columns.entries()) {
      posterior.observe(s, y, prior.lambda ** 2 * (noise[index] ?? 1));
    }
    const table = (of: (a: (typeof columns)[number], b: (typeof columns)[number]) => Matrix) =>
      new Matrix(columns.map((a) => columns.map((b) => of(a, b).get(0, 0))));
    const observations = {
      ss: table((a, b) => a.s.transpose().mmul(b.s)),
      sy: table((a, b) => a.s.transpose().mmul(b.y)),
      yy: table((a, b) => a.y.transpose().mmul(b.y)),
      lengths: [1, 1, 1, 1],
      noise,
    };
    const mean = paperEstimator.posteriorMean(observations, prior);
    const length = 1 + stream.uniform();
    const s = columns.map((column) => column.s);
    const [d, v] = [normal(size, 1), normal(size, 1)];
    return {
      posterior,
      length,
      s,
      d,
      v,
      expectation: expectationOf({ s, observations }, mean, prior, { length, place: 1 }),
    };
  });
  const total = Math.hypot(...layers.map(({ length }) => length));
  let [gradient, expected, variance] = [0, 0, 0];
  for (const { posterior, length, s, d, v } of layers) {
    const u = Matrix.mul(s[1] ?? Matrix.zeros(0, 0), length / total);
    gradient += u.transpose().mmul(v).get(0, 0);
    expected += u.transpose().mmul(posterior.mean).mmul(d).get(0, 0);
    variance += u.norm('frobenius') ** 2 * d.transpose().mmul(posterior.covariance).mmul(d).get(0, 0);
  }
  const departure = departureOf(
    layers.map(({ expectation }) => expectation),
    layers.map(({ s, d, v }) => ({
      along: s.map((column) => column.transpose().mmul(d).get(0, 0)),
      squared: d.norm('frobenius') ** 2,
      gradient: (s[1] ?? d).transpose().mmul(v).get(0, 0),
    })),
  );
  expect(departure.gradient).toBeCloseTo(gradient, 10);
  expect(departure.expected).toBeCloseTo(expected, 10);
  expect(departure.deviation).toBeCloseTo(Math.sqrt(variance), 10);
  // A layer without a posterior takes no part.
  expect(departureOf([null, null], []).deviation).toBe(0);
});

describe('the chart', () => {
  /** Whether it signals within so many steps of a straight walk, on which the curvature is `error` deviations off what was expected. */
  function signals(index: number, error: number, steps: number): boolean {
    const stream = randomStream(seed, 'chart', index);
    let state = calmState;
    for (let step = 0; step < steps; step++) {
      const walked = 0.05 * (step - (uncertaintyChart.calibration - 1) / 2);
      const calibrates = step < uncertaintyChart.calibration;
      const [expected, deviation] = calibrates ? [0, 0] : [2 * walked, Math.abs(walked)];
      const gradient = 3 + 2 * walked + error * walked + stream.normal();
      const next = withDeparture(state, { gradient, expected, deviation });
      state = next.state;
      if (Math.abs(next.statistic) > 4) return true;
    }
    return false;
  }

  test(`is quiet where the posterior is right, and finds where it is not (PROBPREC_TEST_SEED=${seed})`, () => {
    const count = 200;
    const share = (errorOf: (index: number) => number) =>
      Array.from({ length: count }, (_, index) => signals(index, errorOf(index), 400)).filter(Boolean).length / count;
    // Errors as the posterior expects them: of N(0, 1) one in 16,000 lies beyond four deviations, and the walk is long enough to tell.
    expect(share((index) => randomStream(seed, 'error', index).normal())).toBeLessThan(0.03);
    expect(share(() => 6)).toBe(1);
    expect(share(() => -6)).toBe(1);
  });

  test('passes over what is not finite', () => {
    const departure = { gradient: Number.NaN, expected: 0, deviation: 0 };
    expect(withDeparture(calmState, departure)).toEqual({ state: calmState, statistic: 0 });
  });
});

describe('restart: uncertain', () => {
  const start = (given: Record<string, unknown>) =>
    startNoisy(
      'preconditioned-sgd',
      {
        estimator: 'paper',
        scaling: 'relative',
        prior_iterations: 4,
        num_observations: 4,
        restart: 'uncertain',
        lr: 0.001,
        ...given,
      },
      400,
    );

  test('goes on with an estimate that explains the gradients, and not with one whose data have changed', async () => {
    const same = noisyBatches(400, 0.1);
    const quiet = await noisyEpoch(await start({}), 0, same);
    expect(quiet.events).toEqual([]);
    expect(quiet.estimations).toHaveLength(1);
    // From the 200th minibatch on inputs are three times as large: nine times the curvature.
    const changed = same.map((inputs, step) => (step < 200 ? inputs : inputs.map((value) => 3 * value)));
    const { events, estimations } = await noisyEpoch(await start({}), 0, changed);
    expect(events[0]).toMatchObject({ event: 'uncertain', where: 'all' });
    expect(events[0]?.step).toBeGreaterThanOrEqual(200);
    expect(events[0]?.step).toBeLessThan(215);
    expect(estimations.length).toBeGreaterThan(1);
  });

  test('the smaller the limit, the earlier it restarts', async () => {
    const batches = noisyBatches(400, 0.3);
    const restarts = async (restart: string) => (await noisyEpoch(await start({ restart }), 0, batches)).events.length;
    const counts = [await restarts('uncertain:0.5'), await restarts('uncertain:2'), await restarts('uncertain:50')];
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[2]).toBe(0);
  });

  test('is read and refused', async () => {
    expect(restartRule('uncertain')).toEqual({ kind: 'uncertain', deviations: 4 });
    expect(restartRule('uncertain:2.5')).toEqual({ kind: 'uncertain', deviations: 2.5 });
    const { hyperparameters } = await loadOptimizer('preconditioned-sgd');
    for (const restart of [
      'uncertain:',
      'uncertain:0',
      'uncertain:0.0',
      'uncertain:-1',
      'uncertain:x',
      'uncertainly',
    ]) {
      expect(hyperparameters.safeParse({ estimator: 'paper', restart }).success, restart).toBe(false);
    }
    for (const estimator of ['thesis', 'author', 'krylov', 'oracle']) {
      const parsed = hyperparameters.safeParse({ estimator, restart: 'uncertain' });
      expect(parsed.error?.issues[0]?.message).toContain('uncertain goes with estimator paper only');
    }
  });
});
