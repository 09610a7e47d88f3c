import { Matrix } from 'ml-matrix';
import { symmetricEigen } from './symmetric-eigen.js';

/** Below this fraction of the largest eigenvalue a matrix counts as singular. */
const SINGULAR = 1e-12;

/** The inverse of a small symmetric positive definite matrix; NaN where it is singular. */
export function inverseOfPositive(matrix: Matrix): Matrix {
  const eigen = symmetricEigen(matrix);
  const values = eigen?.values ?? [];
  if (eigen === null || Math.min(...values) <= SINGULAR * Math.max(...values)) {
    return Matrix.zeros(matrix.rows, matrix.rows).fill(Number.NaN);
  }
  return eigen.vectors.mmul(Matrix.diag(values.map((value) => 1 / value))).mmul(eigen.vectors.transpose());
}
