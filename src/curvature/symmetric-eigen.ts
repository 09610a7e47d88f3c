import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** A = V diag(values) Vᵀ with ascending values and orthonormal columns of V. */
export interface SymmetricEigen {
  readonly values: readonly number[];
  readonly vectors: Matrix;
}

/** The eigendecomposition of a symmetric matrix; null where an element is not finite. */
export function symmetricEigen(matrix: Matrix): SymmetricEigen | null {
  if (!allFinite(matrix)) return null;
  // Rounding may leave the halves of a product different in the last digit; the decomposition wants them equal.
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  return { values: realEigenvalues, vectors: eigenvectorMatrix };
}

/** Whether every element is a finite number. */
export function allFinite(matrix: Matrix): boolean {
  return matrix.to1DArray().every(Number.isFinite);
}
