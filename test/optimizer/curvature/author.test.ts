import { readFileSync } from 'node:fs';
import { inverse, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { expect, test } from 'vitest';
import { authorPrior, largestVariances } from '../../../src/optimizer/curvature/author-prior.js';
import { paperEstimator } from '../../../src/optimizer/curvature/estimators/paper.js';
import type { EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import { noObservations, withColumn } from '../../../src/optimizer/curvature/observations.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { mean, multiply, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem, type LossValues } from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

interface Fixture {
  readonly minibatches: number;
  readonly moments: { readonly sts: number; readonly stas: number; readonly staas: number };
  readonly gradients: readonly number[];
  readonly squares: readonly number[];
  readonly s: number[][];
  readonly y: number[][];
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((total, value, i) => total + value * (b[i] ?? 0), 0);

/** The largest singular values of I/α + w² X Sᵀ, all matrices dense. */
function singularValues(s: readonly number[][], y: readonly number[][], alpha: number, w: number, lambda: number) {
  const [st, yt] = [new Matrix([...s]), new Matrix([...y])];
  const gram = st.mmul(st.transpose());
  const normal = Matrix.mul(gram, w ** 2).add(Matrix.diag(gram.diagonal()).mul(lambda ** 2));
  const x = Matrix.sub(yt, Matrix.div(st, alpha)).transpose().mmul(inverse(normal));
  const size = st.columns;
  const hessian = Matrix.eye(size, size, 1 / alpha).add(x.mmul(st).mul(w ** 2));
  return { hessian, sigma: new SingularValueDecomposition(hessian).diagonal };
}

test("the scalars and the singular values are those of the author's implementation", async () => {
  const file = new URL('author-hessian.json', import.meta.url);
  const { minibatches, moments, gradients, squares, s, y } = JSON.parse(readFileSync(file, 'utf8')) as Fixture;
  const engine = openReferenceEngine();
  const row = (values: readonly number[]) => engine.upload(Float64Array.from(values), [1, values.length]);
  const [variance = Number.NaN] = await largestVariances(engine, [row(gradients)], [row(squares)], minibatches);
  const prior = authorPrior({ ...moments, total: 0 }, variance, minibatches);
  expect(prior.alpha).toBeCloseTo(0.5319482137158986, 12);
  expect(prior.w).toBeCloseTo(3.174999900751484, 12);
  expect(prior.lambda).toBeCloseTo(0.002288261669377583, 14);
  // Through the observations of phase 2, whose columns are normalised.
  const unit = s.map((column, index) => {
    const length = Math.hypot(...column);
    return { length, s: column.map((value) => value / length), y: (y[index] ?? []).map((value) => value / length) };
  });
  const observations = unit.reduce((before, column, index) => {
    const earlier = unit.slice(0, index);
    return withColumn(before, {
      length: column.length,
      ss: earlier.map((other) => dot(other.s, column.s)),
      sy: earlier.map((other) => dot(other.s, column.y)),
      ys: earlier.map((other) => dot(other.y, column.s)),
      yy: earlier.map((other) => dot(other.y, column.y)),
      ownSy: dot(column.s, column.y),
      ownYy: dot(column.y, column.y),
    });
  }, noObservations);
  const { shift, weights } = paperEstimator.posteriorMean(observations, prior);
  const [st, yt] = [new Matrix(unit.map((column) => column.s)), new Matrix(unit.map((column) => column.y))];
  const x = Matrix.sub(yt, Matrix.mul(st, shift)).transpose().mmul(weights);
  const hessian = Matrix.eye(30, 30, 1 / prior.alpha).add(x.mmul(st).mul(prior.w ** 2));
  const sigma = new SingularValueDecomposition(hessian).diagonal.slice(0, 4);
  for (const [index, value] of [4.14491866, 2.63981686, 2.31982512, 1.95816641].entries()) {
    expect(sigma[index]).toBeCloseTo(value, 7);
  }
});

const SIZE = 9;
const BATCH = 4;
const CURVATURES = Float64Array.from({ length: SIZE }, (_, index) => 1 + index);

/** Curvatures 1 to 9, whose minimum a noisy input moves. */
const quadratic = defineTestProblem({
  name: 'author_quadratic',
  description: 'curvatures 1 to 9',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(1), regularised: false, group: 'all' }],
  constants: { curvatures: { shape: [SIZE], data: () => Float32Array.from(CURVATURES) } },
  evaluate: ({ inputs, parameters: [theta], constants }): LossValues => {
    if (theta === undefined || constants.curvatures === undefined) throw new Error('not given');
    const difference = subtract(theta, inputs);
    const loss = multiply(mean(sum(multiply(multiply(difference, difference), constants.curvatures), [1])), 0.5);
    return { loss, accuracy: null };
  },
});

const [PRIOR, OBSERVATIONS] = [4, 3];
const batches = Array.from({ length: 14 }, (_, step) => {
  const stream = randomStream(3, 'author', step);
  return Float64Array.from({ length: BATCH * SIZE }, () => 0.3 * stream.normal());
});

async function training() {
  const engine = openReferenceEngine();
  const optimizer = await loadOptimizer('preconditioned-sgd');
  const hyperparameters = optimizer.hyperparameters.parse({
    estimator: 'author',
    prior_iterations: PRIOR,
    num_observations: OBSERVATIONS,
    scaling: 'relative',
  }) as Hyperparameters;
  const task = trainingTask(engine, quadratic, { batchSize: BATCH, stepsPerEpoch: batches.length });
  return { engine, training: await optimizer.start(task, hyperparameters) };
}

const use = async (engine: ReturnType<typeof openReferenceEngine>, own: Training, from: number, to: number) => {
  for (const inputs of batches.slice(from, to)) await own.step(batchFeeds(engine, quadratic, BATCH, { inputs }));
};

test('a training estimates what dense matrices give, from fresh gradients alone', async () => {
  const { engine, training: own } = await training();
  await own.beginEpoch(0, 1);
  await use(engine, own, 0, batches.length);
  const log = (await own.endEpoch()) as { readonly estimations: readonly EstimationRecord[] };
  const [record] = log.estimations;
  // The parameters stay at 1 while the estimation lasts.
  const gradients = batches.map((inputs) =>
    Array.from(CURVATURES, (curvature, i) => {
      let centre = 0;
      for (let example = 0; example < BATCH; example++) centre += (inputs[example * SIZE + i] ?? 0) / BATCH;
      return curvature * (1 - centre);
    }),
  );
  const product = (v: readonly number[]) => v.map((value, i) => value * (CURVATURES[i] ?? 0));
  const first = gradients.slice(0, PRIOR);
  const [sts, stas, staas] = [
    first.reduce((total, g) => total + dot(g, g), 0),
    first.reduce((total, g) => total + dot(g, product(g)), 0),
    first.reduce((total, g) => total + dot(product(g), product(g)), 0),
  ];
  const variances = Array.from(CURVATURES, (_, i) => {
    const centre = first.reduce((total, g) => total + (g[i] ?? 0), 0) / PRIOR;
    return first.reduce((total, g) => total + ((g[i] ?? 0) - centre) ** 2, 0) / PRIOR;
  });
  const [alpha, w] = [Math.sqrt(stas / staas), stas / sts];
  const lambda = Math.max(...variances) / (Math.sqrt(sts) / PRIOR);
  expect(record?.step).toBe(PRIOR + OBSERVATIONS);
  expect(record?.groups[0]?.alpha).toBeCloseTo(alpha, 10);
  expect(record?.groups[0]?.w).toBeCloseTo(w, 10);
  expect(record?.groups[0]?.lambda).toBeCloseTo(lambda, 10);
  const [s, y]: [number[][], number[][]] = [[], []];
  for (const g of gradients.slice(PRIOR, PRIOR + OBSERVATIONS)) {
    const mean = s.length === 0 ? null : singularValues(s, y, alpha, w, lambda).hessian;
    const direction = mean === null ? g : inverse(mean).mmul(Matrix.columnVector(g)).to1DArray();
    s.push(direction);
    y.push(product(direction));
  }
  const { sigma } = singularValues(s, y, alpha, w, lambda);
  expect(record?.sigma.theta?.[0]).toBeCloseTo(sigma[0] ?? Number.NaN, 8);
  expect(record?.sigma.theta?.[1]).toBeCloseTo(sigma[1] ?? Number.NaN, 8);
});

test.each([2, PRIOR, PRIOR + 1, PRIOR + OBSERVATIONS])(
  'goes on from a checkpoint after step %i as if nothing had been',
  async (step) => {
    const whole = await training();
    await whole.training.beginEpoch(0, 1);
    await use(whole.engine, whole.training, 0, batches.length);
    const before = await training();
    await before.training.beginEpoch(0, 1);
    await use(before.engine, before.training, 0, step);
    const after = await training();
    await after.training.restore(await before.training.save());
    await after.training.continueEpoch?.(0, 1);
    await use(after.engine, after.training, step, batches.length);
    const numbers = async ({ engine, training: own }: typeof whole) =>
      Promise.all(own.parameters.map(async (value) => Array.from(await engine.download(value))));
    expect(await numbers(after)).toEqual(await numbers(whole));
  },
);
