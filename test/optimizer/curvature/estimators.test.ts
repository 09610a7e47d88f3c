import { inverse, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { Observations } from '../../../src/optimizer/curvature/estimators/estimator.js';
import { paperEstimator } from '../../../src/optimizer/curvature/estimators/paper.js';
import { publishedEstimators as estimators } from '../../../src/optimizer/curvature/estimators/registered.js';
import { thesisEstimator } from '../../../src/optimizer/curvature/estimators/thesis.js';
import { estimateGroupPrior, isUsable } from '../../../src/optimizer/curvature/group-prior.js';
import { noObservations, withColumn } from '../../../src/optimizer/curvature/observations.js';
import { scalings } from '../../../src/optimizer/curvature/scaling.js';
import { randomStream } from '../../../src/random/index.js';
import { normalMatrix } from '../../curvature/matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const prior = { alpha: 0.4, w: 1.3, lambda: 0.7 };

/** Random directions with their lengths, normalised ones, and observations of a random symmetric matrix. */
function sample(size: number, count: number) {
  const stream = randomStream(seed, 'estimators', size, count);
  const random = (rows: number, columns: number) => normalMatrix(stream, rows, columns);
  const root = random(size, size);
  const hessian = root.mmul(root.transpose()).div(size);
  const directions = random(size, count);
  const lengths = Array.from({ length: count }, (_, column) => Math.hypot(...directions.getColumn(column)));
  const s = directions.mmul(Matrix.diag(lengths.map((length) => 1 / length)));
  const y = hessian.mmul(s);
  const [st, yt] = [s.transpose(), y.transpose()];
  const observations: Observations = { ss: st.mmul(s), sy: st.mmul(y), yy: yt.mmul(y), lengths };
  return { hessian, s, y, observations, g: random(size, 1) };
}

const difference = (a: Matrix, b: Matrix) => Matrix.sub(a, b).norm('frobenius') / b.norm('frobenius');

describe(`the paper's estimator (PROBPREC_TEST_SEED=${seed})`, () => {
  test.each([
    [6, 1],
    [6, 3],
    [20, 5],
  ])('solves the normal equations and inverts the mean, N = %i, m = %i', (size, count) => {
    const { s, y, observations, g } = sample(size, count);
    const mean = paperEstimator.posteriorMean(observations, prior);
    const z = paperEstimator.correction(observations, mean, prior);
    const { alpha, w, lambda } = prior;
    const delta = Matrix.sub(y, Matrix.div(s, alpha));
    const x = Matrix.sub(y, Matrix.mul(s, mean.shift)).mmul(mean.weights);
    const normal = Matrix.mul(observations.ss, w ** 2).add(Matrix.eye(count, count, lambda ** 2));
    expect(difference(x.mmul(normal), delta)).toBeLessThan(1e-10);
    const hessian = Matrix.eye(size, size, 1 / alpha).add(x.mmul(s.transpose()).mul(w ** 2));
    const direction = Matrix.mul(g, alpha).sub(
      Matrix.sub(y, Matrix.mul(s, mean.shift)).mmul(z).mmul(s.transpose()).mmul(g),
    );
    expect(difference(direction, inverse(hessian).mmul(g))).toBeLessThan(1e-8);
  });

  test('reproduces the observations without noise, and the whole Hessian from N of them', () => {
    for (const count of [3, 6]) {
      const { hessian, s, y, observations } = sample(6, count);
      const { shift, weights } = paperEstimator.posteriorMean(observations, { ...prior, lambda: 0 });
      const x = Matrix.sub(y, Matrix.mul(s, shift)).mmul(weights);
      const mean = Matrix.eye(6, 6, 1 / prior.alpha).add(x.mmul(s.transpose()).mul(prior.w ** 2));
      expect(difference(mean.mmul(s), y)).toBeLessThan(1e-6);
      if (count === 6) expect(difference(mean, hessian)).toBeLessThan(1e-6);
    }
  });

  test('has no posterior where directions coincide and nothing is noisy', () => {
    const ones = Matrix.ones(2, 2);
    const observations = { ss: ones, sy: ones, yy: ones, lengths: [1, 1] };
    const { weights } = paperEstimator.posteriorMean(observations, { ...prior, lambda: 0 });
    expect(weights.to1DArray().every(Number.isNaN)).toBe(true);
  });
});

describe(`the thesis' estimator (PROBPREC_TEST_SEED=${seed})`, () => {
  test('treats the first column by its own formula', () => {
    const { observations } = sample(6, 1);
    const [length = 0] = observations.lengths;
    const { shift, weights } = thesisEstimator.posteriorMean(observations, prior);
    expect(shift).toBe(1);
    const { w, lambda } = prior;
    expect(weights.get(0, 0)).toBeCloseTo(1 / (w * w * length ** 2 + lambda * lambda * length ** 2), 12);
  });

  test('solves (w T + λ ℓ) X = Δ with its mixture of normalised and unnormalised columns', () => {
    const { observations } = sample(9, 4);
    const { alpha, w, lambda } = prior;
    const { shift, weights } = thesisEstimator.posteriorMean(observations, prior);
    expect(shift).toBe(alpha);
    const { ss, lengths } = observations;
    const t = Matrix.mul(ss, w);
    for (const [index, length] of lengths.entries()) t.set(index, index, w * length ** 2);
    const noise = Matrix.diag(lengths.map((length) => lambda * length ** 2));
    const expected = inverse(Matrix.mul(t, w).add(Matrix.mul(noise, lambda)));
    expect(difference(weights, expected)).toBeLessThan(1e-9);
  });

  test('uses Xᵀ S where the lemma has Sᵀ X', () => {
    const { s, y, observations } = sample(9, 3);
    const { alpha, w } = prior;
    const mean = thesisEstimator.posteriorMean(observations, prior);
    const x = Matrix.sub(y, Matrix.mul(s, mean.shift)).mmul(mean.weights);
    const p = x
      .transpose()
      .mmul(s)
      .mul(alpha * w ** 2);
    const expected = mean.weights.mmul(inverse(p.add(Matrix.eye(3, 3)))).mul((alpha * w) ** 2);
    expect(difference(thesisEstimator.correction(observations, mean, prior), expected)).toBeLessThan(1e-9);
  });
});

test.each(Object.entries(estimators))('%s: what is not finite stays so and does not throw', (_, estimator) => {
  const { observations } = sample(5, 3);
  for (const broken of [
    { ...prior, lambda: Number.NaN },
    { ...prior, w: Number.POSITIVE_INFINITY },
  ]) {
    const mean = estimator.posteriorMean(observations, broken);
    const z = estimator.correction(observations, mean, broken);
    expect(z.to1DArray().some(Number.isFinite)).toBe(false);
  }
});

test('columns are collected one by one', () => {
  const { observations } = sample(7, 3);
  const { ss, sy, yy, lengths } = observations;
  const row = (matrix: Matrix, index: number) => matrix.getRow(index).slice(0, index);
  const column = (matrix: Matrix, index: number) => matrix.getColumn(index).slice(0, index);
  const collected = lengths.reduce(
    (soFar, length, index) =>
      withColumn(soFar, {
        length,
        ss: column(ss, index),
        sy: column(sy, index),
        ys: row(sy, index),
        yy: column(yy, index),
        ownSy: sy.get(index, index),
        ownYy: yy.get(index, index),
      }),
    noObservations,
  );
  expect(difference(collected.ss, ss)).toBeLessThan(1e-12);
  expect(difference(collected.sy, sy)).toBeLessThan(1e-12);
  expect(difference(collected.yy, yy)).toBeLessThan(1e-12);
  expect(collected.lengths).toEqual(lengths);
});

test('α, w and λ by hand: two minibatches with v = (1, 2) and (3, 0), h = 2 v', () => {
  // Σ ‖v‖² = 5 + 9, Σ vᵀh = 28, Σ ‖h‖² = 56, ‖Σ v‖² = 16 + 4.
  const estimate = estimateGroupPrior({ sts: 14, stas: 28, staas: 56, total: 20 }, 2);
  expect(estimate).toEqual({ alpha: 0.5, w: 2, lambda: 3 });
  expect(isUsable(estimate)).toBe(true);
  for (const alpha of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(isUsable({ ...estimate, alpha })).toBe(false);
});

test('the scalings of a singular value', () => {
  expect(scalings.sqrt(4)).toBe(0.5);
  expect(scalings.inverse(4)).toBe(0.25);
  expect(scalings.relative(4, 0.5)).toBe(0.5);
  expect(scalings.relative(2, 0.5)).toBe(1);
});
