import { Matrix } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LossCurvature, symmetricEigen } from '../../../src/curvature/index.js';
import { type Engine, openEngine } from '../../../src/engine/index.js';
import type { EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { networkProblem } from '../../../src/run/index.js';
import { add, matmul, mean, multiply, reshape, slice, subtract, sum } from '../../../src/tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  dense,
  relu,
  type TestProblem,
  tanh,
} from '../../../src/testproblem/index.js';
import { matrixOf, withEigenvalues } from '../../curvature/matrices.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds, type PlainBatch } from '../minibatch.js';

const [A_SIZE, B_SIZE] = [10, 30];
const SIZE = A_SIZE + B_SIZE;
const BATCH = 4;
const OUTLIERS = [20, 15, 11, 8];
/** The others, from 1 down to 0.1. */
const eigenvalues = [...OUTLIERS, ...Array.from({ length: SIZE - 4 }, (_, i) => 1 - (0.9 * i) / (SIZE - 5))];
const hessian = withEigenvalues(eigenvalues, randomStream(7, 'hessian'));

/** Mean of ½ (θ − x)ᵀ H (θ − x), θ in two tensors that H couples: the Hessian of every minibatch is H. */
const quadratic = defineTestProblem({
  name: 'coupled_quadratic',
  description: 'two tensors of a quadratic',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [
    { name: 'a', shape: [2, A_SIZE / 2], initial: constantValue(1), regularised: false, group: 'one' },
    { name: 'b', shape: [B_SIZE], initial: constantValue(-1), regularised: false, group: 'one' },
  ],
  constants: { hessian: { shape: [SIZE, SIZE], data: () => Float64Array.from(hessian.to1DArray()) as never } },
  evaluate: ({ inputs, parameters: [a, b], constants: { hessian: h } }) => {
    if (a === undefined || b === undefined || h === undefined) throw new Error('no parameters');
    const [count = 0] = inputs.shape;
    const [first, second] = [
      subtract(reshape(a, [A_SIZE]), slice(inputs, [0, 0], [count, A_SIZE])),
      subtract(b, slice(inputs, [0, A_SIZE], [count, SIZE])),
    ];
    const rows = (from: number, to: number) => slice(h, [from, 0], [to, SIZE]);
    const product = add(matmul(first, rows(0, A_SIZE)), matmul(second, rows(A_SIZE, SIZE)));
    const own = add(
      sum(multiply(slice(product, [0, 0], [count, A_SIZE]), first), [1]),
      sum(multiply(slice(product, [0, A_SIZE], [count, SIZE]), second), [1]),
    );
    return { loss: multiply(mean(own), 0.5), accuracy: null };
  },
});

const CLASSES = 4;
const perceptron = networkProblem({ inputShape: [9], network: [dense(12), tanh(), dense(8), relu(), dense(CLASSES)] });

function batchOf({ inputShape: [size = 0] }: TestProblem, index: number, scale = 1): PlainBatch {
  const stream = randomStream(11, 'batches', index);
  return {
    inputs: Float64Array.from({ length: BATCH * size }, () => scale * stream.normal()),
    labels: Int32Array.from({ length: BATCH }, () => stream.integer(CLASSES)),
  };
}

const feedsOf = (engine: Engine, problem: TestProblem, index: number) => {
  const { labels, ...batch } = batchOf(problem, index);
  return batchFeeds(engine, problem, BATCH, problem === quadratic ? batch : { ...batch, ...(labels && { labels }) });
};

async function start(
  engine: Engine,
  problem: TestProblem,
  given: Record<string, unknown>,
  name = 'preconditioned-sgd',
) {
  const optimizer = await loadOptimizer(name);
  const task = trainingTask(engine, problem, { batchSize: BATCH, stepsPerEpoch: 100 });
  const hyperparameters = optimizer.hyperparameters.parse({ prior_iterations: 3, ...given });
  return optimizer.start(task, hyperparameters as Hyperparameters);
}

async function steps(engine: Engine, problem: TestProblem, training: Training, from: number, to: number) {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push(await training.step(feedsOf(engine, problem, step)));
  return losses;
}

async function numbersOf(engine: Engine, training: Training): Promise<number[]> {
  const all: number[] = [];
  for (const value of training.parameters) all.push(...(await engine.download(value)));
  return all;
}

/** The rows of each block's U over the block's parameters. */
async function directionsOf(engine: Engine, training: Training): Promise<number[][][]> {
  const blocks: number[][][] = [];
  for (const { u } of training.preconditioner?.() ?? []) {
    const parts = await Promise.all(u.map((value) => engine.download(value)));
    const rows = u[0]?.shape[0] ?? 0;
    blocks.push(
      Array.from({ length: rows }, (_, row) =>
        parts.flatMap((part) => [...part.slice((row * part.length) / rows, ((row + 1) * part.length) / rows)]),
      ),
    );
  }
  return blocks;
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((total, x, i) => total + x * (b[i] ?? Number.NaN), 0);

/** |uᵀv| of each row with the eigenvector of its place among the largest. */
function alignment(rows: readonly (readonly number[])[], matrix: Matrix): number[] {
  const vectors = symmetricEigen(matrix)?.vectors ?? matrix;
  return rows.map((row, place) => Math.abs(dot(row, vectors.getColumn(vectors.columns - 1 - place))));
}

async function estimation(training: Training): Promise<EstimationRecord> {
  const { estimations } = (await training.endEpoch()) as unknown as { estimations: readonly EstimationRecord[] };
  if (estimations[0] === undefined) throw new Error('no estimation');
  return estimations[0];
}

describe('on a quadratic whose eigenvalues are known', () => {
  test.each([
    ['oracle', { est_rank: 4, num_observations: 4 }, 6],
    ['krylov', { est_rank: 4, num_observations: 26 }, 28],
    ['krylov', { est_rank: 9, num_observations: 26, rank_rule: 'outliers' }, 28],
  ] as const)(
    '%s %j finds the eigenvectors over both tensors, and takes Newton steps along them',
    async (estimator, given, estimating) => {
      const engine = openReferenceEngine();
      const training = await start(engine, quadratic, { estimator, scaling: 'relative', ...given });
      await training.beginEpoch(0, 1);
      await steps(engine, quadratic, training, 0, estimating);
      const [rows = []] = await directionsOf(engine, training);
      const found = rows.filter((row) => dot(row, row) > 0);
      expect(found).toHaveLength(4);
      for (const aligned of alignment(found, hessian)) expect(aligned).toBeCloseTo(1, 5);
      const before = await numbersOf(engine, training);
      await steps(engine, quadratic, training, estimating, estimating + 1);
      const after = await numbersOf(engine, training);
      const record = await estimation(training);
      for (const [place, value] of OUTLIERS.entries()) {
        expect(record.sigma.one?.[place]).toBeCloseTo(value, 5);
        expect(record.residuals?.one?.[place]).toBeLessThan(1e-3 * 20);
      }
      // Off the outliers the step size is that of a curvature between 0.1 and 1.
      const [group] = record.groups;
      expect(group?.lr).toBe(group?.complement);
      expect(1 / (group?.lr ?? 0)).toBeGreaterThan(0.1);
      expect(1 / (group?.lr ?? 0)).toBeLessThan(1);
      const { inputs } = batchOf(quadratic, estimating);
      const centre = Array.from(
        { length: SIZE },
        (_, i) => [0, 1, 2, 3].reduce((total, row) => total + (inputs[row * SIZE + i] ?? 0), 0) / BATCH,
      );
      const gradient = hessian.mmul(Matrix.columnVector(before.map((x, i) => x - (centre[i] ?? 0)))).to1DArray();
      const eigen = symmetricEigen(hessian)?.vectors ?? hessian;
      const expected = [...before];
      for (let place = 0; place < SIZE; place++) {
        const vector = eigen.getColumn(SIZE - 1 - place);
        const length = place < 4 ? 1 / (OUTLIERS[place] ?? 1) : (group?.lr ?? 0);
        for (const [i, x] of vector.entries()) expected[i] = (expected[i] ?? 0) - length * dot(vector, gradient) * x;
      }
      for (const [i, value] of after.entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 4);
    },
  );

  test('each group has a basis of its own, of its diagonal block, from products of its own', async () => {
    const engine = openReferenceEngine();
    const training = await start(engine, quadratic, {
      estimator: 'oracle',
      est_rank: 2,
      num_observations: 3,
      groups: 'layer',
    });
    await training.beginEpoch(0, 1);
    await steps(engine, quadratic, training, 0, 5);
    const blocks = await directionsOf(engine, training);
    for (const [index, [from, to]] of [
      [0, A_SIZE - 1],
      [A_SIZE, SIZE - 1],
    ].entries()) {
      const own = hessian.subMatrix(from ?? 0, to ?? 0, from ?? 0, to ?? 0);
      for (const aligned of alignment(blocks[index] ?? [], own)) expect(aligned).toBeCloseTo(1, 5);
    }
    expect(Object.keys((await estimation(training)).sigma)).toEqual(['a', 'b']);
  });

  test('krylov has a product on each minibatch of phase 2, a fifth of them off the directions; the oracle says what it costs', async () => {
    const engine = openReferenceEngine();
    for (const [estimator, products] of [
      ['krylov', 3 + 10],
      ['oracle', null],
    ] as const) {
      const training = await start(engine, quadratic, { estimator, num_observations: 11 });
      await training.beginEpoch(0, 1);
      await steps(engine, quadratic, training, 0, 13);
      if (products === null) expect(training.evaluations?.products).toBeGreaterThan(3 + 8 * 5);
      else expect(training.evaluations).toEqual({ gradients: products, products, losses: 0 });
    }
  });
});

test('the oracle of a dense network agrees with a dense decomposition of the Hessian of its minibatches', async () => {
  const engine = openReferenceEngine();
  const training = await start(engine, perceptron, { estimator: 'oracle', est_rank: 5, num_observations: 5 });
  await training.beginEpoch(0, 1);
  const loss = new LossCurvature(engine, perceptron, { batchSize: BATCH, constants: {} });
  const minibatches = [3, 4, 5].map((index) => feedsOf(engine, perceptron, index));
  const point = { parameters: [...training.parameters], states: {} };
  const exact = await matrixOf(
    loss.operator('hessian', point, () => minibatches),
    loss.size,
  );
  await steps(engine, perceptron, training, 0, 7);
  const [rows = []] = await directionsOf(engine, training);
  for (const aligned of alignment(rows, exact)) expect(aligned).toBeGreaterThan(1 - 1e-4);
  const values = (symmetricEigen(exact)?.values ?? []).toReversed();
  const { sigma, residuals } = await estimation(training);
  for (const [place, value] of (sigma.all ?? []).entries()) {
    expect(Math.abs((value ?? 0) - (values[place] ?? 0))).toBeLessThan((residuals?.all?.[place] ?? 0) + 1e-9);
  }
});

describe('a run that is interrupted after any minibatch goes on as if it had not been', () => {
  const engines: Record<string, Engine> = { oracle: openReferenceEngine() };
  beforeAll(async () => {
    engines.onnxruntime = await openEngine({ engine: 'onnxruntime', threads: 1 });
    engines.tfjs = await openEngine({ engine: 'tfjs-cpu' });
  });
  afterAll(async () => {
    for (const engine of Object.values(engines)) await engine.dispose();
  });

  test.each(['oracle', 'onnxruntime', 'tfjs'])('on %s', async (name) => {
    const engine = engines[name] ?? openReferenceEngine();
    for (const given of [
      { estimator: 'krylov', num_observations: 8, est_rank: 3, scaling: 'shorten', restart: 'steps:12' },
      { estimator: 'oracle', num_observations: 6, est_rank: 2, groups: 'layer', restart: 'steps:10' },
      { safeguard: true, safeguard_interval: 2, restart: 'drift', lr: 0.5 },
    ]) {
      const whole = await start(engine, perceptron, given);
      await whole.beginEpoch(0, 1);
      const losses = await steps(engine, perceptron, whole, 0, 15);
      let split = await start(engine, perceptron, given);
      await split.beginEpoch(0, 1);
      const again: number[] = [];
      for (let step = 0; step < 15; step++) {
        again.push(...(await steps(engine, perceptron, split, step, step + 1)));
        const saved = await split.save();
        split = await start(engine, perceptron, given);
        await split.restore({ ...saved, values: JSON.parse(JSON.stringify(saved.values)) });
        await split.continueEpoch?.(0, 1);
      }
      expect(again).toEqual(losses);
      expect(await numbersOf(engine, split)).toEqual(await numbersOf(engine, whole));
      expect(split.evaluations).toEqual(whole.evaluations);
    }
  });
});

test('options that do not go together are refused', async () => {
  const { hyperparameters } = await loadOptimizer('preconditioned-sgd');
  for (const given of [
    { rank_rule: 'outliers' },
    { rank_rule: 'given', estimator: 'paper' },
    { num_observations: 2, estimator: 'krylov' },
    { num_observations: 1, estimator: 'oracle' },
  ]) {
    expect(hyperparameters.safeParse(given).success).toBe(false);
  }
});
