import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { type LowRankChange, lanczos, preconditioned, rademacher, shareAlong } from '../../src/curvature/index.js';
import { qr } from '../../src/optimizer/linear-algebra.js';
import { randomStream } from '../../src/random/index.js';
import { matrixOf, normalMatrix, operatorOf, withEigenvalues } from './matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? 1);
const SIZE = 30;

/** Two blocks: the first has the places 0 to 7 and 20 to 29, the second 8 to 19; a row of the first is zero. */
function preconditioner(): { readonly blocks: LowRankChange[]; readonly dense: Matrix } {
  const random = randomStream(seed, 'low rank');
  const dense = Matrix.eye(SIZE);
  const places = [
    [
      [0, 8],
      [20, 30],
    ],
    [[8, 20]],
  ] as const;
  const blocks = places.map((parts, index): LowRankChange => {
    const size = parts.reduce((sum, [begin, end]) => sum + end - begin, 0);
    const { q } = qr(normalMatrix(random, size, 3));
    const change = [-0.9, 3, -0.2].map((value) => value * (index + 1) * 0.5);
    const rows = [0, 1, 2].map((row) =>
      index === 0 && row === 1 ? new Array<number>(size).fill(0) : q.getColumn(row),
    );
    const indices = parts.flatMap(([begin, end]) => Array.from({ length: end - begin }, (_, i) => begin + i));
    for (const [row, own] of rows.entries()) {
      for (const [i, a] of own.entries()) {
        for (const [j, b] of own.entries()) {
          const [x, y] = [indices[i] ?? 0, indices[j] ?? 0];
          dense.set(x, y, dense.get(x, y) + (change[row] ?? 0) * a * b);
        }
      }
    }
    let from = 0;
    return {
      change,
      parts: parts.map(([begin, end]) => {
        const own = rows.map((row) => Float64Array.from(row.slice(from, from + end - begin)));
        from += end - begin;
        return { begin, size: end - begin, rows: own };
      }),
    };
  });
  return { blocks, dense };
}

describe(`√P H √P (PROBPREC_TEST_SEED=${seed})`, () => {
  const values = Array.from({ length: SIZE }, (_, index) => 10 / (index + 1) - 1);
  const hessian = withEigenvalues(values, randomStream(seed, 'hessian'));
  const { blocks, dense } = preconditioner();

  test('is symmetric, and is √P H √P with the root of the dense P', async () => {
    const found = await matrixOf(preconditioned(operatorOf(hessian), blocks), SIZE);
    const { realEigenvalues, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(dense, {
      assumeSymmetric: true,
    });
    const root = vectors.mmul(Matrix.diag(realEigenvalues.map(Math.sqrt))).mmul(vectors.transpose());
    const expected = root.mmul(hessian).mmul(root);
    expect(Matrix.sub(found, expected).norm()).toBeLessThan(1e-11 * expected.norm());
  });

  test('has the eigenvalues of P H', async () => {
    const operator = preconditioned(operatorOf(hessian), blocks);
    const start = Float64Array.from(rademacher(randomStream(seed, 'start'), SIZE));
    const { pairs } = await lanczos(operator, start, { steps: SIZE });
    const exact = new EigenvalueDecomposition(dense.mmul(hessian)).realEigenvalues.toSorted((a, b) => b - a);
    expect(pairs.map(({ value }) => value)).toEqual(exact.map((value) => expect.closeTo(value, 8)));
  });

  test('the share of a vector is that of its projection onto the directions', () => {
    const random = randomStream(seed, 'vector');
    const vector = Float64Array.from({ length: SIZE }, () => random.normal());
    const directions = blocks.flatMap(({ parts }) =>
      [0, 1, 2].map((row) => {
        const whole = new Float64Array(SIZE);
        for (const { begin, rows } of parts) whole.set(rows[row] ?? [], begin);
        return whole;
      }),
    );
    const expected = directions.reduce(
      (sum, row) => sum + row.reduce((product, value, i) => product + value * (vector[i] ?? 0), 0) ** 2,
      0,
    );
    expect(shareAlong(blocks, vector)).toBeCloseTo(expected, 10);
  });
});
