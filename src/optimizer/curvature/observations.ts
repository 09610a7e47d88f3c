import { Matrix } from 'ml-matrix';
import { at } from '../../expect.js';
import type { Observations } from './estimators/estimator.js';

/** The inner products that one more column brings, both new vectors divided by the direction's length. */
export interface NewColumn {
  /** Length of the direction before the division. */
  readonly length: number;
  /** Sᵀs, Sᵀy, Yᵀs and Yᵀy with the columns that were there before. */
  readonly ss: readonly number[];
  readonly sy: readonly number[];
  readonly ys: readonly number[];
  readonly yy: readonly number[];
  /** sᵀy and ‖y‖² of the new vectors themselves. */
  readonly ownSy: number;
  readonly ownYy: number;
}

/** No columns yet. */
export const noObservations: Observations = {
  ss: Matrix.zeros(0, 0),
  sy: Matrix.zeros(0, 0),
  yy: Matrix.zeros(0, 0),
  lengths: [],
};

/** The observations with one more column. */
export function withColumn({ ss, sy, yy, lengths, noise }: Observations, column: NewColumn): Observations {
  return {
    ss: bordered(ss, column.ss, column.ss, 1),
    sy: bordered(sy, column.sy, column.ys, column.ownSy),
    yy: bordered(yy, column.yy, column.yy, column.ownYy),
    lengths: [...lengths, column.length],
    ...(noise !== undefined && { noise: [...noise, 1] }),
  };
}

/** The newest of the observations, `count` at most. */
export function newestObservations({ ss, sy, yy, lengths, noise }: Observations, count: number): Observations {
  const first = Math.max(0, lengths.length - count);
  const newest = (matrix: Matrix) => matrix.subMatrix(first, lengths.length - 1, first, lengths.length - 1);
  return {
    ss: newest(ss),
    sy: newest(sy),
    yy: newest(yy),
    lengths: lengths.slice(first),
    ...(noise !== undefined && { noise: noise.slice(first) }),
  };
}

/** The observations with a noise variance that is 1 + ω times as large: what they say of the Hessian is less certain by now. */
export function widened(observations: Observations, widening: number): Observations {
  const { lengths, noise = lengths.map(() => 1) } = observations;
  return { ...observations, noise: noise.map((factor) => factor * (1 + widening)) };
}

/** The matrix with one more column on the right, one more row below, and their corner. */
function bordered(matrix: Matrix, right: readonly number[], below: readonly number[], corner: number): Matrix {
  const size = matrix.rows;
  const result = Matrix.zeros(size + 1, size + 1);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) result.set(row, column, matrix.get(row, column));
    result.set(row, size, at(right, row));
    result.set(size, row, at(below, row));
  }
  result.set(size, size, corner);
  return result;
}

/** [S Y]ᵀ[S Y]. */
export function gramOf({ ss, sy, yy }: Observations): Matrix {
  const count = ss.rows;
  const gram = Matrix.zeros(2 * count, 2 * count);
  gram.setSubMatrix(ss, 0, 0);
  gram.setSubMatrix(sy, 0, count);
  gram.setSubMatrix(sy.transpose(), count, 0);
  gram.setSubMatrix(yy, count, count);
  return gram;
}
