import { inverse, Matrix } from 'ml-matrix';
import { allFinite } from '../../../curvature/symmetric-eigen.js';

/** (I + A)⁻¹ of a small matrix; NaN where it does not exist. */
export function inverseOfOnePlus(matrix: Matrix): Matrix {
  const sum = Matrix.add(matrix, Matrix.eye(matrix.rows, matrix.rows));
  if (!allFinite(sum)) return notANumber(matrix.rows);
  try {
    return inverse(sum);
  } catch {
    return notANumber(matrix.rows);
  }
}

/** A square matrix of NaN: what an equation without a solution gives. */
export function notANumber(size: number): Matrix {
  return Matrix.zeros(size, size).fill(Number.NaN);
}
