import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { beforeAll, describe, expect, test } from 'vitest';
import { curvatureText } from '../../src/cli/commands/curvature-text.js';
import { LossCurvature, rademacher, symmetricEigen } from '../../src/curvature/index.js';
import type { Engine } from '../../src/engine/index.js';
import { type CurvatureReport, DEFAULT_MEASUREMENT, measureCurvature } from '../../src/landscape/index.js';
import { measurePreconditioned } from '../../src/landscape/measure-preconditioned.js';
import { observationsFor } from '../../src/landscape/preconditioners.js';
import { downloadedPreconditioner } from '../../src/optimizer/downloaded-preconditioner.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../src/optimizer/index.js';
import { randomStream } from '../../src/random/index.js';
import { networkProblem, resolveConfiguration } from '../../src/run/index.js';
import { dense, relu, tanh } from '../../src/testproblem/index.js';
import { quietTerminal } from '../cli/quiet-terminal.js';
import { matrixOf } from '../curvature/matrices.js';
import { batchFeeds } from '../optimizer/minibatch.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

const [BATCH, CLASSES] = [6, 4];
const network = networkProblem({ inputShape: [9], network: [dense(6), tanh(), dense(5), relu(), dense(CLASSES)] });

function feeds(engine: Engine, index: number) {
  const stream = randomStream(3, 'batches', index);
  return batchFeeds(engine, network, BATCH, {
    inputs: Float64Array.from({ length: BATCH * 9 }, () => stream.normal()),
    labels: Int32Array.from({ length: BATCH }, () => stream.integer(CLASSES)),
  });
}

/** P = I + Uᵀ diag(change) U of all parameters, from the training's own values. */
async function densePreconditioner(engine: Engine, training: Training, sizes: readonly number[]): Promise<Matrix> {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const matrix = Matrix.eye(total);
  for (const { parameters, u, change } of training.preconditioner?.() ?? []) {
    const changes = await engine.download(change);
    for (const [row, factor] of changes.entries()) {
      const whole = new Float64Array(total);
      for (const [place, parameter] of parameters.entries()) {
        const value = u[place];
        const size = sizes[parameter] ?? 0;
        if (value === undefined) throw new Error('no rows');
        const own = (await engine.download(value)).slice(row * size, (row + 1) * size);
        whole.set(
          Float64Array.from(own, Number),
          sizes.slice(0, parameter).reduce((sum, before) => sum + before, 0),
        );
      }
      const column = Matrix.columnVector(whole);
      matrix.add(column.mmul(column.transpose()).mul(factor));
    }
  }
  return matrix;
}

describe('the spectrum with a preconditioner', () => {
  test.each(['thesis', 'paper', 'author', 'krylov', 'oracle'] as const)(
    'of %s agrees with a dense decomposition',
    async (estimator) => {
      const engine = openReferenceEngine();
      const optimizer = await loadOptimizer('preconditioned-sgd');
      const hyperparameters = optimizer.hyperparameters.parse({
        estimator,
        est_rank: 3,
        num_observations: observationsFor(estimator, 6),
        prior_iterations: 3,
        scaling: 'relative',
      });
      const task = trainingTask(engine, network, { batchSize: BATCH, stepsPerEpoch: 50 });
      const training = await optimizer.start(task, hyperparameters as Hyperparameters);
      await training.beginEpoch(0, 1);
      for (let step = 0; training.preconditioner?.() === null; step++) await training.step(feeds(engine, step));
      const blocks = await downloadedPreconditioner(engine, network, training.preconditioner?.() ?? []);
      const loss = new LossCurvature(engine, network, { batchSize: BATCH, constants: {} });
      const fresh = feeds(engine, 100);
      const operator = loss.operator('hessian', { parameters: training.parameters, states: {} }, () => [fresh]);
      const hessian = await matrixOf(operator, loss.size);
      const exact = symmetricEigen(hessian);
      if (exact === null) throw new Error('no decomposition');
      const top = [0, 1, 2].map((index) => Float64Array.from(exact.vectors.getColumn(loss.size - 1 - index)));
      const lambda1 = exact.values.at(-1) ?? 0;
      const start = Float64Array.from(rademacher(randomStream(1, 'start'), loss.size));
      const report = await measurePreconditioned(
        { name: estimator, rank: 3, blocks, learningRate: 0.5, estimate: null },
        { operator, start, lambda1, top },
        { top: 5, steps: loss.size },
      );
      const p = await densePreconditioner(
        engine,
        training,
        network.parameters.map(({ shape }) => shape.reduce((product, length) => product * length, 1)),
      );
      const { realEigenvalues, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(p, { assumeSymmetric: true });
      expect(realEigenvalues.filter((value) => Math.abs(value - 1) > 1e-9)).toHaveLength(report.directions);
      expect(report.directions).toBeGreaterThan(0);
      const root = vectors.mmul(Matrix.diag(realEigenvalues.map(Math.sqrt))).mmul(vectors.transpose());
      const whole = symmetricEigen(root.mmul(hessian).mmul(root))?.values ?? [];
      const scale = whole.at(-1) ?? 0;
      for (const [index, { value, converged }] of report.largest.entries()) {
        expect(converged).toBe(true);
        expect(Math.abs((value ?? 0) - (whole.at(-1 - index) ?? 0))).toBeLessThan(1e-3 * scale);
      }
      expect(Math.abs((report.smallest.value ?? 0) - (whole[0] ?? 0))).toBeLessThan(1e-3 * scale);
      expect(report.fall).toBeCloseTo(lambda1 / scale, 2);
      expect(report.eta_lambda1).toBeCloseTo(0.5 * scale, 2);
      // ‖Uv‖² = vᵀ (projection) v, the projection from the eigenvectors of P that are not 1.
      const changed = realEigenvalues.flatMap((value, index) => (Math.abs(value - 1) > 1e-9 ? [index] : []));
      for (const [index, share] of report.shares.entries()) {
        const along = changed.map(
          (column) => vectors.getColumn(column).reduce((sum, x, i) => sum + x * (top[index]?.[i] ?? 0), 0) ** 2,
        );
        expect(share).toBeCloseTo(
          along.reduce((sum, square) => sum + square, 0),
          8,
        );
      }
    },
  );
});

describe('of quadratic_deep, whose eigenvalues are known', () => {
  const [first, eleventh, least] = [53.129, 0.98689, 0.0055221];
  let report: CurvatureReport;
  const others = { stepSizeBatches: 2, probes: 1, traceProbes: 1 };

  beforeAll(async () => {
    const resolved = await resolveConfiguration({
      testproblem: 'quadratic_deep',
      optimizer: 'preconditioned-tuned-sgd',
      hyperparameters: { lr: 0.01, prior_iterations: 2, num_observations: 3, est_rank: 3 },
      threads: 1,
    });
    report = await measureCurvature(
      {
        resolved,
        points: { kind: 'training', at: [0, 6] },
        settings: {
          ...DEFAULT_MEASUREMENT,
          ...others,
          steps: 100,
          preconditioners: ['own', 'oracle'],
          ranks: [2, 10],
        },
      },
      { dataDir: '.', fetch: false },
    );
  });

  test('the oracle takes its directions to the curvature that the step size has, and leaves the others alone', () => {
    const [point] = report.points;
    const found = point?.preconditioned?.filter(({ name }) => name === 'oracle') ?? [];
    expect(found.map(({ rank, directions }) => [rank, directions])).toEqual([
      [2, 2],
      [10, 10],
    ]);
    for (const { rank, largest, fall, shares, learning_rate: rate, condition_number: condition } of found) {
      const moved = 1 / (rate ?? Number.NaN);
      // λ₃ of quadratic_deep, and λ₁₁.
      const expected = Math.max(moved, rank === 2 ? 51.397 : eleventh);
      expect((largest[0]?.value ?? 0) / expected).toBeCloseTo(1, 3);
      expect((fall ?? 0) / (first / expected)).toBeCloseTo(1, 3);
      expect((condition ?? 0) / (expected / least)).toBeCloseTo(1, 2);
      for (const share of shares.slice(0, rank)) expect(share).toBeCloseTo(1, 3);
      for (const share of shares.slice(rank)) expect(share).toBeCloseTo(0, 3);
    }
    const [block] = point?.blocks ?? [];
    expect((block?.condition_number ?? 0) / 9621).toBeCloseTo(1, 2);
    expect(block?.alpha).toBeCloseTo(point?.step_size?.alpha ?? 0, 9);
  });

  test("its own is the training's where that holds one, else an estimate of its optimizer", () => {
    const own = report.points.map((point) => point.preconditioned?.find(({ name }) => name === 'own'));
    expect(own[0]).toMatchObject({ rank: 3, estimate: { minibatches: 4, products: 4 }, learning_rate: 0.01 });
    expect(own[1]).toMatchObject({ rank: 3, estimate: null });
    for (const { products = 0, gradients = 0 } of report.points) {
      expect(products).toBeGreaterThan(100);
      expect(gradients).toBeGreaterThan(4);
    }
  });

  test('the table has them', () => {
    const text = curvatureText(report, quietTerminal(160));
    expect(text).toMatch(/^condition number λ₁ \/ λ_min 962\d/m);
    expect(text).toMatch(/^oracle +10 +[\d.]+ +[\d.]+ +53\.\d+ +0\.0055\d* +\S+ +1 of 10$/m);
    expect(text).toMatch(/^own +3 /m);
    expect(text).toMatch(/overlap of the top 10 eigenvectors with those of the point before: 1$/m);
  });
});
