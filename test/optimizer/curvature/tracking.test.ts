import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { dot, symmetricEigen } from '../../../src/curvature/index.js';
import {
  nextVector,
  type TrackedSpace,
  withTrackedProduct,
} from '../../../src/optimizer/curvature/krylov/tracked-space.js';
import type { UpdateRecord } from '../../../src/optimizer/curvature/log.js';
import { loadOptimizer, type Training } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { normalMatrix, withEigenvalues } from '../../curvature/matrices.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { noisyBatches, noisyEpoch, SIZE, startNoisy, useNoisy } from './noisy-curvature.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const N = 40;
const OUTLIERS = [20, 15, 11, 8];
const eigenvalues = [...OUTLIERS, ...Array.from({ length: N - 4 }, (_, i) => 1 - (0.9 * i) / (N - 5))];

/** A space about the top eigenvectors, each turned by an angle of this tangent in a random direction. */
function about(hessian: Matrix, tangent: number, stream: ReturnType<typeof randomStream>): TrackedSpace {
  const vectors = symmetricEigen(hessian)?.vectors ?? hessian;
  const turned = Matrix.zeros(N, OUTLIERS.length);
  for (const column of OUTLIERS.keys()) {
    const noise = Matrix.columnVector(Array.from({ length: N }, () => stream.normal()));
    noise.mul(tangent / noise.norm('frobenius'));
    turned.setColumn(column, Matrix.add(vectors.getColumnVector(N - 1 - column), noise).getColumn(0));
  }
  const basis: Float64Array[] = [];
  for (const column of OUTLIERS.keys()) {
    const vector = Float64Array.from(turned.getColumn(column));
    for (const other of basis) {
      const part = vector.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
      for (const [i, value] of other.entries()) vector[i] = (vector[i] ?? 0) - part * value;
    }
    basis.push(vector.map((value) => value / Math.hypot(...vector)));
  }
  return { basis, values: OUTLIERS.map(() => 10), residuals: OUTLIERS.map(() => 0), products: [] };
}

function swept(space: TrackedSpace, hessianOf: (product: number) => Matrix, sweeps: number): TrackedSpace {
  let next = space;
  for (let product = 0; product < sweeps * space.basis.length; product++) {
    const y = hessianOf(product).mmul(Matrix.columnVector([...nextVector(next)]));
    next = withTrackedProduct(next, Float64Array.from(y.getColumn(0)));
  }
  return next;
}

/** ‖UᵀV‖² / k with the top eigenvectors V. */
function overlap({ basis }: TrackedSpace, hessian: Matrix): number {
  const vectors = symmetricEigen(hessian)?.vectors ?? hessian;
  let total = 0;
  for (const u of basis) {
    for (const column of OUTLIERS.keys()) {
      const v = vectors.getColumn(N - 1 - column);
      total += dot(u, Float64Array.from(v)) ** 2;
    }
  }
  return total / OUTLIERS.length;
}

function symmetricNoise(size: number, stream: ReturnType<typeof randomStream>): Matrix {
  const noise = normalMatrix(stream, N, N).mul(size);
  return Matrix.add(noise, noise.transpose()).mul(Math.SQRT1_2);
}

describe(`a tracked space (PROBPREC_TEST_SEED=${seed})`, () => {
  const stream = randomStream(seed, 'tracking');
  const hessian = withEigenvalues(eigenvalues, stream);

  test('converges to the top eigenvectors and their values where the Hessian stays', () => {
    const start = about(hessian, 1, stream);
    expect(overlap(start, hessian)).toBeLessThan(0.9);
    const found = swept(start, () => hessian, 60);
    expect(overlap(found, hessian)).toBeGreaterThan(1 - 1e-8);
    for (const [index, value] of OUTLIERS.entries()) expect(found.values[index]).toBeCloseTo(value, 6);
    for (const residual of found.residuals) expect(residual).toBeLessThan(1e-3);
    for (const [i, a] of found.basis.entries()) {
      for (const [j, b] of found.basis.entries()) {
        const product = dot(a, b);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  test('averages over the noise of minibatches', () => {
    // A product has noise of length 0.4 √40 = 2.5 beside 8 to 20.
    const found = swept(about(hessian, 0.5, stream), () => Matrix.add(hessian, symmetricNoise(0.4, stream)), 60);
    expect(overlap(found, hessian)).toBeGreaterThan(0.97);
  });

  test('follows a Hessian that turns', () => {
    const start = about(hessian, 0, stream);
    const vectors = symmetricEigen(hessian)?.vectors ?? hessian;
    const products = 100 * OUTLIERS.length;
    // The first outlier turns by 90 degrees into the smallest eigenvector's place.
    const turned = (part: number) => {
      const angle = (Math.PI / 2) * part;
      const all = vectors.clone();
      const [first, last] = [vectors.getColumnVector(N - 1), vectors.getColumnVector(0)];
      const mixed = (a: Matrix, b: Matrix, sign: number) =>
        Matrix.add(Matrix.mul(a, Math.cos(angle)), Matrix.mul(b, sign * Math.sin(angle))).getColumn(0);
      all.setColumn(N - 1, mixed(first, last, 1));
      all.setColumn(0, mixed(last, first, -1));
      return all.mmul(Matrix.diag(eigenvalues.toReversed())).mmul(all.transpose());
    };
    const found = swept(start, (product) => turned(product / products), 100);
    expect(overlap(start, turned(1))).toBeLessThan(0.76);
    expect(overlap(found, turned(1))).toBeGreaterThan(0.99);
  });

  test('passes a sweep over in which a product is not finite', () => {
    const start = about(hessian, 0.5, stream);
    const broken = swept(start, (product) => (product === 2 ? Matrix.mul(hessian, Number.NaN) : hessian), 1);
    expect(broken).toEqual(start);
  });
});

describe('update_interval', () => {
  const STEPS = 120;
  const given = { lr: 0.01, estimator: 'krylov', prior_iterations: 3, num_observations: 8 };
  const start = (more: Record<string, unknown>, name = 'preconditioned-tuned-sgd') =>
    startNoisy(name, { ...given, ...more }, STEPS);
  /** Two coordinates are steeper than the others, from the 20th minibatch on two other ones. */
  const batches = noisyBatches(STEPS, 0.1).map((inputs, step) =>
    inputs.map((value, index) => {
      const steep = step < 20 ? [0, 1] : [5, 6];
      return steep.includes(index % SIZE) ? (4 - (index % SIZE) / 10) * value : value;
    }),
  );
  const engine = openReferenceEngine();

  /** The share of U's rows in these two coordinates. */
  async function share(training: Training, coordinates: readonly number[]): Promise<number> {
    const [block] = training.preconditioner?.() ?? [];
    const [value] = block?.u ?? [];
    if (value === undefined) throw new Error('no preconditioner');
    const rows = Array.from(await engine.download(value));
    const all = rows.reduce((sum, entry) => sum + entry ** 2, 0);
    return rows.reduce((sum, entry, i) => sum + (coordinates.includes(i % SIZE) ? entry ** 2 : 0), 0) / all;
  }

  test('lets the preconditioner follow the Hessian between two estimations, at the cost of its products', async () => {
    for (const interval of [null, 1, 3]) {
      const training = await start({ update_interval: interval });
      await training.beginEpoch(0, 1);
      await useNoisy(training, batches);
      const along = await share(training, [5, 6]);
      const { updates } = (await training.endEpoch()) as { readonly updates?: UpdateRecord };
      // Steps begin after 3 + 7 minibatches.
      const products = interval === null ? 0 : Math.floor((STEPS - 10) / interval);
      expect(training.evaluations).toMatchObject({ products: 10 + products, gradients: STEPS + products });
      if (interval === null) {
        expect(along).toBeLessThan(0.1);
        expect(updates).toBeUndefined();
      } else {
        expect(along).toBeGreaterThan(0.95);
        expect(updates).toMatchObject({ products, sweeps: Math.floor(products / 2) });
        // Mean squares of the steep inputs: 3.5² and 3.4², and noise.
        expect(updates?.sigma.all?.[0]).toBeGreaterThan(10);
        expect(updates?.sigma.all?.[0]).toBeLessThan(14);
      }
    }
  });

  test('changes nothing before the first sweep is over', async () => {
    const losses = async (interval: number | null) => {
      const { events, estimations } = await noisyEpoch(
        await start({ update_interval: interval }),
        0,
        batches.slice(0, 30),
      );
      return JSON.stringify({ events, sigma: estimations[0]?.sigma });
    };
    expect(await losses(40)).toBe(await losses(null));
  });

  test('is refused with other estimators and where nothing is preconditioned', async () => {
    for (const estimator of ['thesis', 'paper', 'author', 'oracle']) {
      await expect(start({ estimator, update_interval: 2 })).rejects.toThrow(
        'no update_interval but with estimator krylov',
      );
    }
    await expect(start({ update_interval: 0 })).rejects.toThrow();
    const { hyperparameters } = await loadOptimizer('adaptive-sgd');
    expect(hyperparameters.safeParse({ estimator: 'krylov', update_interval: 2 }).success).toBe(false);
  });
});
