import { inverse, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import {
  calibrationScores,
  HessianPosterior,
  measuredPrior,
  minibatchesOfChecks,
  observedPosterior,
} from '../../src/curvature/index.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import { normalMatrix, priorMatrix } from './matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const prior = { alpha: 0.4, w: 1.7, lambda: 0.6 };

const vectorOf = (matrix: Matrix) => Float64Array.from(matrix.to1DArray());
const columnOf = (vector: ArrayLike<number>) => Matrix.columnVector(Array.from(vector));

describe(`the posterior of a matrix (PROBPREC_TEST_SEED=${seed})`, () => {
  test('has the mean and every covariance of a dense Gaussian of all its elements', () => {
    const [N, M] = [5, 3];
    const stream = randomStream(seed, 'posterior');
    const posterior = new HessianPosterior(prior);
    // All N² elements, row by row, conditioned on the products.
    let mean = Matrix.columnVector(Matrix.eye(N, N, 1 / prior.alpha).to1DArray());
    let covariance = Matrix.eye(N * N, N * N, prior.w ** 2);
    for (let product = 0; product < M; product++) {
      const [s, y] = [normalMatrix(stream, N, 1), normalMatrix(stream, N, 1)];
      posterior.observe(vectorOf(s), vectorOf(y));
      const length = s.norm('frobenius');
      const unit = Matrix.div(s, length);
      const observes = Matrix.eye(N, N).kroneckerProduct(unit.transpose());
      const along = covariance.mmul(observes.transpose());
      const total = observes.mmul(along).add(Matrix.eye(N, N, prior.lambda ** 2));
      const gain = along.mmul(inverse(total));
      mean = Matrix.add(mean, gain.mmul(Matrix.sub(Matrix.div(y, length), observes.mmul(mean))));
      covariance = Matrix.sub(covariance, gain.mmul(along.transpose()));
    }
    expect(posterior.observations).toBe(M);
    const pair = () => ({ u: normalMatrix(stream, N, 1), v: normalMatrix(stream, N, 1) });
    const [first, second] = [pair(), pair()];
    const asked = ({ u, v }: ReturnType<typeof pair>) => ({ u: vectorOf(u), v: vectorOf(v) });
    const form = ({ u, v }: ReturnType<typeof pair>) => u.transpose().kroneckerProduct(v.transpose());
    expect(posterior.mean(asked(first))).toBeCloseTo(form(first).mmul(mean).get(0, 0), 10);
    const expected = form(first).mmul(covariance).mmul(form(second).transpose()).get(0, 0);
    expect(posterior.covariance(asked(first), asked(second))).toBeCloseTo(expected, 10);
    const own = form(first).mmul(covariance).mmul(form(first).transpose()).get(0, 0);
    expect(posterior.variance(asked(first))).toBeCloseTo(own, 10);
    // B̂⁻¹ undoes B̂.
    const g = vectorOf(first.u);
    const back = posterior.product(posterior.solve(g));
    for (const [i, value] of g.entries()) expect(back[i]).toBeCloseTo(value, 8);
  });

  test('is the prior before the first product, and needs vectors with a direction', () => {
    const posterior = new HessianPosterior(prior);
    const [u, v] = [Float64Array.of(1, 2), Float64Array.of(3, -1)];
    expect(posterior.mean({ u, v })).toBeCloseTo(1 / 0.4, 12);
    expect(posterior.variance({ u, v })).toBeCloseTo(5 * 1.7 ** 2 * 10, 12);
    expect([...posterior.solve(v)]).toEqual([0.4 * 3, 0.4 * -1]);
    expect(() => posterior.observe(new Float64Array(2), u)).toThrow('the vector has length 0');
  });
});

/** Minibatches of a matrix that the prior draws: products with noise in each coordinate, gradients of a common part and noise. */
function drawn(stream: RandomStream, size: number, count: number) {
  const hessian = priorMatrix(stream, size, prior);
  const noise = Array.from({ length: count }, () => normalMatrix(stream, size, size).mul(prior.lambda));
  const common = normalMatrix(stream, size, 1);
  const gradients = Array.from({ length: count }, () => vectorOf(Matrix.add(normalMatrix(stream, size, 1), common)));
  return {
    gradient: async (index: number) => gradients[index] ?? new Float64Array(size),
    product: async (index: number, vector: ArrayLike<number>) =>
      vectorOf(Matrix.add(hessian, noise[index] ?? hessian).mmul(columnOf(vector))),
  };
}

test(`of matrices that the prior draws, scores are standard normal numbers (PROBPREC_TEST_SEED=${seed})`, async () => {
  const [SIZE, M, CHECKS, DRAWS] = [8, 3, 12, 400];
  const stream = randomStream(seed, 'calibration');
  const all = { along: [] as number[], across: [] as number[] };
  const sure: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const sample = drawn(stream, SIZE, M + minibatchesOfChecks(CHECKS));
    const [posterior, tooSure] = [new HessianPosterior(prior), new HessianPosterior({ ...prior, w: prior.w / 3 })];
    for (let index = 0; index < M; index++) {
      const direction = await sample.gradient(index);
      const product = await sample.product(index, direction);
      posterior.observe(direction, product);
      tooSure.observe(direction, product);
    }
    const [scores, others] = await calibrationScores(sample, [posterior, tooSure], { checks: CHECKS, first: M });
    all.along.push(...(scores?.along ?? []).map(({ z }) => z));
    all.across.push(...(scores?.across ?? []).map(({ z }) => z));
    sure.push(...(others?.along ?? []).map(({ z }) => z));
  }
  const square = (values: readonly number[]) => values.reduce((sum, z) => sum + z ** 2, 0) / values.length;
  for (const values of [all.along, all.across]) {
    expect(values).toHaveLength(DRAWS * CHECKS);
    // Scores of one matrix depend on each other: so many are worth at least as many as there are matrices.
    expect(Math.abs(values.reduce((sum, z) => sum + z, 0) / values.length)).toBeLessThan(5 / Math.sqrt(DRAWS));
    expect(Math.abs(square(values) - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
  }
  expect(square(sure)).toBeGreaterThan(1.5);
});

test('prior and observations are those of the phases, by their definitions', async () => {
  const [SIZE, N, M] = [6, 4, 3];
  const stream = randomStream(seed, 'phases');
  const sample = drawn(stream, SIZE, N + M);
  const found = await measuredPrior(sample, N);
  const g = await Promise.all(Array.from({ length: N }, (_, i) => sample.gradient(i)));
  const h = await Promise.all(g.map((gradient, i) => sample.product(i, gradient)));
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const sum = (of: (i: number) => number) => g.reduce((total, _, i) => total + of(i), 0);
  const gHg = sum((i) => dot(g[i] ?? [], h[i] ?? []));
  expect(found.alpha).toBeCloseTo(gHg / sum((i) => dot(h[i] ?? [], h[i] ?? [])), 10);
  expect(found.w).toBeCloseTo(gHg / sum((i) => dot(g[i] ?? [], g[i] ?? [])), 10);
  const mean = Float64Array.from({ length: SIZE }, (_, i) => g.reduce((total, own) => total + (own[i] ?? 0), 0) / N);
  expect(found.lambda).toBeCloseTo(
    Math.abs(sum((i) => dot(g[i] ?? [], g[i] ?? [])) - N ** 2 * dot(mean, mean)) / N,
    10,
  );
  const products = await Promise.all(g.map((_, i) => sample.product(i, mean)));
  const middle = Float64Array.from({ length: SIZE }, (_, i) =>
    products.reduce((total, own) => total + (own[i] ?? 0) / N, 0),
  );
  const scatter = products.reduce(
    (total, own) => total + own.reduce((s, x, i) => s + (x - (middle[i] ?? 0)) ** 2, 0),
    0,
  );
  expect(found.scatter ** 2).toBeCloseTo(scatter / ((N - 1) * SIZE * dot(mean, mean)), 10);
  const posterior = await observedPosterior(sample, found, { observations: M, first: N });
  expect(posterior.observations).toBe(M);
  const expected = new HessianPosterior(found);
  expected.observe(mean, middle);
  for (let index = N; index < N + M - 1; index++) {
    const direction = expected.solve(await sample.gradient(index));
    expected.observe(direction, await sample.product(index, direction));
  }
  const asked = { u: await sample.gradient(0), v: await sample.gradient(1) };
  expect(posterior.mean(asked)).toBeCloseTo(expected.mean(asked), 8);
  expect(posterior.variance(asked)).toBeCloseTo(expected.variance(asked), 8);
  // The same products under another prior.
  const other = new HessianPosterior({ ...found, lambda: found.scatter });
  other.observe(mean, middle);
  const once = new HessianPosterior(found);
  once.observe(mean, middle);
  expect(once.under({ ...found, lambda: found.scatter }).variance(asked)).toBeCloseTo(other.variance(asked), 8);
});
