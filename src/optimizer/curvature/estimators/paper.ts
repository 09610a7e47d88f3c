import { Matrix } from 'ml-matrix';
import { symmetricEigen } from '../../../curvature/symmetric-eigen.js';
import type { Estimator } from './estimator.js';
import { inverseOfOnePlus, notANumber } from './inverse-of-one-plus.js';

/** Below this fraction of the largest eigenvalue the normal equations count as singular. */
const SINGULAR = 1e-12;

/**
 * The Gaussian posterior of de Roos & Hennig 2019 with W = wI and Λ = λI. With G = SᵀS and normalised columns, R = I but where a column is
 * noisier than the others: X = Δ (w² G + λ² R)⁻¹, Δ = Y − S/α (eq. 8), and by the matrix inversion lemma (eq. 16)
 * B̂⁻¹g = αg − α²w² X (I + αw² SᵀX)⁻¹ Sᵀg.
 */
export const paperEstimator: Estimator = {
  posteriorMean: ({ ss, lengths, noise = lengths.map(() => 1) }, { alpha, w, lambda }) => {
    const normal = Matrix.mul(ss, w ** 2).add(Matrix.diag(noise.map((factor) => lambda ** 2 * factor)));
    return { shift: 1 / alpha, weights: inverseOfPositive(normal) };
  },
  correction: ({ ss, sy }, { shift, weights }, { alpha, w }) => {
    const stx = Matrix.sub(sy, Matrix.mul(ss, shift)).mmul(weights);
    return weights.mmul(inverseOfOnePlus(stx.mul(alpha * w ** 2))).mul((alpha * w) ** 2);
  },
};

/** The inverse of a symmetric positive definite matrix; NaN where it is singular. */
function inverseOfPositive(matrix: Matrix): Matrix {
  const eigen = symmetricEigen(matrix);
  const values = eigen?.values ?? [];
  if (eigen === null || Math.min(...values) <= SINGULAR * Math.max(...values)) {
    return notANumber(matrix.rows);
  }
  return eigen.vectors.mmul(Matrix.diag(values.map((value) => 1 / value))).mmul(eigen.vectors.transpose());
}
