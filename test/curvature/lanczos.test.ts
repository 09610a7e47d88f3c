import { describe, expect, test } from 'vitest';
import { dot, lanczos, norm, powerIteration, ritzVector } from '../../src/curvature/index.js';
import { randomStream } from '../../src/random/index.js';
import { operatorOf, withEigenvalues } from './matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? 1);

/** Spectra of several kinds: spread, clustered, with repeated values, with outliers, with both signs, graded. */
function spectrum(kind: number, size: number, random: () => number): number[] {
  const of = (value: (index: number) => number) => Array.from({ length: size }, (_, index) => value(index));
  switch (kind % 6) {
    case 0:
      return of(() => random());
    case 1:
      return of((index) => Math.floor(index / 4) + 1e-6 * random());
    case 2:
      return of((index) => (index < size / 2 ? 1 : Math.floor(3 * random())));
    case 3:
      return of((index) => (index < 5 ? 20 + 10 * random() : random()));
    case 4:
      return of(() => random() - 0.5);
    default:
      return of((index) => 10 ** (-index / 3));
  }
}

describe(`Lanczos' method (PROBPREC_TEST_SEED=${seed})`, () => {
  test('some eigenvalue lies within the residual of each Ritz value, in 200 random cases', async () => {
    let tight = 0;
    let all = 0;
    for (let index = 0; index < 200; index++) {
      const random = randomStream(seed, 'lanczos', index);
      const size = 2 + random.integer(40);
      const values = spectrum(index, size, () => random.uniform());
      const start = Float64Array.from({ length: size }, () => random.normal());
      const steps = 1 + random.integer(size);
      const { pairs } = await lanczos(operatorOf(withEigenvalues(values, random)), start, { steps });
      for (const { value, residual } of pairs) {
        const distance = Math.min(...values.map((eigenvalue) => Math.abs(eigenvalue - value)));
        // The matrix itself has its eigenvalues up to rounding only.
        const scale = 1e-13 * Math.max(...values.map(Math.abs));
        expect(distance, `seed ${seed}, case ${index}: ${value}`).toBeLessThanOrEqual(residual + scale);
        all += 1;
        if (residual < 1e-6) tight += 1;
      }
    }
    // The bound says something: many values are converged.
    expect(tight).toBeGreaterThan(all / 10);
  });

  test('the residuals are those of the vectors, also of an operator that is not symmetric', async () => {
    const random = randomStream(seed, 'residuals');
    const size = 30;
    const values = Array.from({ length: size }, (_, index) => index ** 2);
    const exact = withEigenvalues(values, random);
    const uneven = exact.clone();
    for (let row = 0; row < size; row++) uneven.set(row, (row + 1) % size, 3 * random.normal());
    for (const operator of [operatorOf(exact), operatorOf(uneven)]) {
      const start = Float64Array.from({ length: size }, () => random.normal());
      const result = await lanczos(operator, start, { steps: 12 });
      for (const pair of result.pairs) {
        const y = ritzVector(result, pair);
        const difference = (await operator(y)).map((value, index) => value - pair.value * (y[index] ?? 0));
        expect(norm(y)).toBeCloseTo(1, 10);
        expect(pair.residual / norm(difference)).toBeCloseTo(1, 6);
      }
    }
  });

  test('the basis is orthonormal after many steps, in single precision as well', async () => {
    const random = randomStream(seed, 'basis');
    const size = 80;
    const operator = operatorOf(
      withEigenvalues(
        spectrum(3, size, () => random.uniform()),
        random,
      ),
    );
    const start = Float32Array.from({ length: size }, () => random.normal());
    const { basis } = await lanczos(async (v) => new Float32Array(await operator(v)), start, { steps: 40 });
    expect(basis[0]).toBeInstanceOf(Float32Array);
    for (const [i, a] of basis.entries()) {
      for (const [j, b] of basis.entries()) expect(Math.abs(dot(a, b) - (i === j ? 1 : 0))).toBeLessThan(1e-6);
    }
  });

  test('ends where the Krylov space does', async () => {
    const random = randomStream(seed, 'invariant');
    const operator = operatorOf(withEigenvalues([3, 3, 3, 1, 1, 1, 1, -2], random));
    const { pairs, products, remainder } = await lanczos(operator, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8), {
      steps: 8,
    });
    expect(products).toBe(3);
    expect(remainder).toBe(0);
    expect(pairs.map(({ value }) => Number(value.toFixed(9)))).toEqual([3, 1, -2]);
    expect(Math.max(...pairs.map(({ residual }) => residual))).toBeLessThan(1e-12);
  });

  test('does not take a start vector of zeros', async () => {
    await expect(lanczos(async (v) => v, new Float64Array(3), { steps: 2 })).rejects.toThrow('length 0');
  });
});

describe('power iteration', () => {
  const random = randomStream(seed, 'power');
  const start = Float64Array.from({ length: 20 }, () => random.normal());

  test('converges to the eigenvalue of largest modulus', async () => {
    const values = [-9, 4, ...Array.from({ length: 18 }, () => random.uniform())];
    const found = await powerIteration(operatorOf(withEigenvalues(values, random)), start, { tolerance: 1e-9 });
    expect(found.converged).toBe(true);
    expect(found.value).toBeCloseTo(-9, 6);
    expect(Math.abs(found.value + 9)).toBeLessThanOrEqual(found.residual);
  });

  test('says by its residual that it has found none between opposite eigenvalues', async () => {
    const values = [5, -5, ...Array.from({ length: 18 }, () => random.uniform())];
    const found = await powerIteration(operatorOf(withEigenvalues(values, random)), start);
    expect(found.residual).toBeGreaterThan(1);
  });
});
