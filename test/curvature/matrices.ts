import { Matrix } from 'ml-matrix';
import type { Operator } from '../../src/curvature/index.js';
import { qr } from '../../src/optimizer/linear-algebra.js';
import type { RandomStream } from '../../src/random/index.js';

/** The linear map of a matrix, in double precision. */
export function operatorOf(matrix: Matrix): Operator {
  const entries = Float64Array.from(matrix.to1DArray());
  const { columns } = matrix;
  return async (vector) => {
    const product = new Float64Array(matrix.rows);
    for (let row = 0, place = 0; row < product.length; row++) {
      let sum = 0;
      for (let column = 0; column < columns; column++) sum += (entries[place++] ?? 0) * (vector[column] ?? 0);
      product[row] = sum;
    }
    return product;
  };
}

/** A matrix of independent standard normal numbers. */
export function normalMatrix(random: RandomStream, rows: number, columns: number): Matrix {
  return Matrix.from1DArray(
    rows,
    columns,
    Array.from({ length: rows * columns }, () => random.normal()),
  );
}

/** A matrix that the preconditioner's prior draws: I/α and independent normal numbers of standard deviation w. */
export function priorMatrix(
  random: RandomStream,
  size: number,
  { alpha, w }: { readonly alpha: number; readonly w: number },
): Matrix {
  return Matrix.eye(size, size, 1 / alpha).add(normalMatrix(random, size, size).mul(w));
}

/** A symmetric matrix with these eigenvalues and random eigenvectors. */
export function withEigenvalues(values: readonly number[], random: RandomStream): Matrix {
  const size = values.length;
  const { q } = qr(normalMatrix(random, size, size));
  return q.mmul(Matrix.diag([...values])).mmul(q.transpose());
}

/** The matrix of a linear map, column by column. */
export async function matrixOf(operator: Operator, size: number): Promise<Matrix> {
  const matrix = Matrix.zeros(size, size);
  for (let column = 0; column < size; column++) {
    const unit = new Float64Array(size);
    unit[column] = 1;
    matrix.setColumn(column, Array.from(await operator(unit)));
  }
  return matrix;
}
