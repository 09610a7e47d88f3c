import { EigenvalueDecomposition, inverse, Matrix, QrDecomposition, solve as solveMatrix } from 'ml-matrix';

export { Matrix } from 'ml-matrix';

/** A = V diag(values) Vᵀ of a symmetric matrix, eigenvalues ascending, in double precision. */
export function eigen(symmetric: Matrix): { readonly values: readonly number[]; readonly vectors: Matrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  return { values: realEigenvalues, vectors: eigenvectorMatrix };
}

/** V diag(valuesᵖ) Vᵀ of a symmetric matrix with positive eigenvalues: its power p, such as −1/4. */
export function power(symmetric: Matrix, exponent: number): Matrix {
  const { values, vectors } = eigen(symmetric);
  return vectors.mmul(Matrix.diag(values.map((value) => value ** exponent))).mmul(vectors.transpose());
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
