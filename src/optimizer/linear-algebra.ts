import { inverse, Matrix, QrDecomposition, solve as solveMatrix } from 'ml-matrix';
import { matrixFunction, symmetricEigen } from '../linear-algebra/symmetric-eigen.js';

export { Matrix } from 'ml-matrix';

/** A = V diag(values) Vᵀ of a symmetric matrix, eigenvalues ascending, in double precision. */
export function eigen(symmetric: Matrix): { readonly values: readonly number[]; readonly vectors: Matrix } {
  const { values, vectors } = symmetricEigen(rowMajor(symmetric), symmetric.rows);
  return { values: [...values], vectors: fromRowMajor(vectors, symmetric.rows).transpose() };
}

/** V diag(valuesᵖ) Vᵀ of a symmetric matrix with positive eigenvalues: its power p, such as −1/4. */
export function power(symmetric: Matrix, exponent: number): Matrix {
  const decomposition = symmetricEigen(rowMajor(symmetric), symmetric.rows);
  return fromRowMajor(
    matrixFunction(decomposition, (value) => value ** exponent),
    symmetric.rows,
  );
}

/** A = Q R with orthonormal columns of Q and an upper triangular R. */
export function qr(matrix: Matrix): { readonly q: Matrix; readonly r: Matrix } {
  const { orthogonalMatrix, upperTriangularMatrix } = new QrDecomposition(matrix);
  return { q: orthogonalMatrix, r: upperTriangularMatrix };
}

/** X with A X = B. Throws where A is singular. */
export function solve(a: Matrix, b: Matrix): Matrix {
  return solveMatrix(a, b);
}

/** A⁻¹. Throws where A is singular. */
export function invert(matrix: Matrix): Matrix {
  return inverse(matrix);
}

/** The numbers of a square matrix. Throws RangeError where it is none. */
function rowMajor(matrix: Matrix): Float64Array {
  const { rows, columns } = matrix;
  if (rows !== columns) throw new RangeError(`found a ${rows} × ${columns} matrix, expected a symmetric one`);
  const numbers = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) numbers[i * columns + j] = matrix.get(i, j);
  return numbers;
}

function fromRowMajor(numbers: Float64Array, n: number): Matrix {
  return Matrix.from1DArray(n, n, numbers);
}
