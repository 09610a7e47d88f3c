import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import {
  countAbove,
  type Estimate,
  estimateOf,
  hutchinson,
  hutchPlusPlus,
  lanczos,
  outliersByGap,
  rademacher,
  spectralDensity,
} from '../../src/curvature/index.js';
import { studentQuantile } from '../../src/distributions.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import { operatorOf, withEigenvalues } from './matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? 20_261_128);
const random = randomStream(seed, 'trace');
const size = 40;
const values = Array.from({ length: size }, (_, index) => (index < 4 ? 10 - 2 * index : random.uniform() - 0.3));
const matrix = withEigenvalues(values, random);
const operator = operatorOf(matrix);
const trace = values.reduce((sum, value) => sum + value, 0);
const squares = values.reduce((sum, value) => sum + value ** 2, 0);
const REPEATS = 2500;

/** How often the 95 % interval of Student's distribution has the true value, in per cent. */
async function coverage(truth: number, estimate: (stream: RandomStream) => Promise<Estimate>): Promise<number> {
  let covered = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { value, standardError, degreesOfFreedom } = await estimate(randomStream(seed, 'coverage', repeat));
    const half = studentQuantile(0.975, degreesOfFreedom) * (standardError ?? Number.NaN);
    if (Math.abs(value - truth) <= half) covered += 1;
  }
  return (100 * covered) / REPEATS;
}

describe(`traces (PROBPREC_TEST_SEED=${seed})`, () => {
  const probes = (stream: RandomStream, count: number) =>
    Array.from({ length: count }, (_, index) => rademacher(stream.child(index), size));

  test("intervals of Hutchinson's estimator cover the trace as often as they say", async () => {
    const percent = await coverage(trace, async (stream) => (await hutchinson(operator, probes(stream, 16))).trace);
    expect(Math.abs(percent - 95)).toBeLessThan(1.5);
  });

  test('and those of Hutch++, which are shorter', async () => {
    const errors: number[] = [];
    const percent = await coverage(trace, async (stream) => {
      let drawn = 0;
      const found = await hutchPlusPlus(operator, () => rademacher(stream.child(drawn++), size), { products: 24 });
      expect(found.products).toBe(24);
      errors.push(found.trace.standardError ?? Number.NaN);
      return found.trace;
    });
    expect(Math.abs(percent - 95)).toBeLessThan(1.5);
    const plain = await hutchinson(operator, probes(randomStream(seed, 'plain'), 24));
    expect(estimateOf(errors).value).toBeLessThan(0.5 * (plain.trace.standardError ?? 0));
  });

  test('the Frobenius norm has the right mean', async () => {
    const { squaredFrobenius } = await hutchinson(operator, probes(randomStream(seed, 'many'), 4000));
    expect(Math.abs((squaredFrobenius?.value ?? 0) - squares)).toBeLessThan(4 * (squaredFrobenius?.standardError ?? 0));
  });

  test('a diagonal matrix has its trace from one probe', async () => {
    const diagonal = operatorOf(Matrix.diag([3, -1, 5]));
    const { trace: found } = await hutchinson(diagonal, [Float64Array.of(1, -1, 1)]);
    expect(found).toEqual({ value: 7, standardError: null, degreesOfFreedom: 0 });
  });

  test('few products are too few for Hutch++', async () => {
    await expect(hutchPlusPlus(operator, () => new Float64Array(size), { products: 3 })).rejects.toThrow('at least 4');
  });
});

describe('spectral density', () => {
  const quadratures = async (steps: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const start = rademacher(randomStream(seed, 'density', index), size);
        const { pairs } = await lanczos(operator, Float64Array.from(start), { steps });
        return { values: pairs.map(({ value }) => value), weights: pairs.map(({ weight }) => weight) };
      }),
    );

  test('integrates to 1 and to the share of eigenvalues in each part of the axis', async () => {
    const found = await quadratures(20, 100);
    const { points, density, resolution } = spectralDensity(found, { points: 4001, resolution: 0.2 });
    const step = (points[1] ?? 0) - (points[0] ?? 0);
    const share = (from: number, to: number) =>
      density.reduce(
        (sum, value, index) => ((points[index] ?? 0) >= from && (points[index] ?? 0) < to ? sum + value * step : sum),
        0,
      );
    expect(resolution).toBe(0.2);
    expect(share(-100, 100)).toBeCloseTo(1, 3);
    expect(share(-2, 2.5)).toBeCloseTo(36 / 40, 1);
    expect(share(5, 7)).toBeCloseTo(1 / 40, 2);
  });

  test('counts the eigenvalues above a threshold, with an error that covers the truth', async () => {
    const found = countAbove(await quadratures(25, 100), size, 2);
    expect(Math.abs(found.value - 4)).toBeLessThan(4 * (found.standardError ?? 0));
    expect(found.standardError).toBeLessThan(0.6);
  });

  test('is finer with more steps', async () => {
    const [few, many] = [spectralDensity(await quadratures(5, 1)), spectralDensity(await quadratures(40, 1))];
    expect(many.resolution).toBeLessThan(few.resolution / 5);
  });
});

describe('outliers', () => {
  test('end at the largest gap among the converged values', () => {
    expect(outliersByGap([17.8, 14.5, 12.9, 11.1, 9, 8.6, 7.1, 6.4, 4.3, 1.8, 1.6], 10)).toEqual({
      count: 9,
      gap: 4.3 / 1.8,
      next: 1.8,
    });
    expect(outliersByGap([10, 9, 1], 1)?.count).toBe(1);
    expect(outliersByGap([10, -1], 2)).toBeNull();
    expect(outliersByGap([10], 1)).toBeNull();
  });
});
