import { Matrix } from 'ml-matrix';
import { symmetricEigen } from '../../../curvature/symmetric-eigen.js';
import { at } from '../../../expect.js';
import type { GroupPrior } from '../group-prior.js';
import type { Estimator, Observations } from './estimator.js';
import { inverseOfOnePlus, notANumber } from './inverse-of-one-plus.js';

/**
 * The published implementation (L. Bald, BSc thesis, Tübingen 2019), number by number. It differs from the equations:
 * - the first column alone has Δ₀ = Y₀ − S₀ and X₀ = Δ₀ / (w T₀₀ + λ ℓ₀), with T₀₀ = w‖s‖² and ℓ₀ = λ‖s‖²;
 * - with more columns Δ = Y − αS (α, not 1/α);
 * - T mixes inner products of normalised columns, T_ij = w S_iᵀS_j, with squared lengths from before the normalisation
 *   on its diagonal, T_jj = w‖s_j‖²; and the noise enters as ℓ_j = λ‖s_j‖²;
 * - the inversion lemma is applied with XᵀS in the place of SᵀX.
 */
export const thesisEstimator: Estimator = {
  posteriorMean: (observations, prior) =>
    observations.lengths.length === 1
      ? { shift: 1, weights: firstColumn(observations, prior) }
      : { shift: prior.alpha, weights: severalColumns(observations, prior) },
  correction: ({ ss, sy }, { shift, weights }, { alpha, w }) => {
    const stx = Matrix.sub(sy, Matrix.mul(ss, shift)).mmul(weights);
    const p = stx.transpose().mul(alpha * w ** 2);
    return weights.mmul(inverseOfOnePlus(p)).mul((alpha * w) ** 2);
  },
};

function firstColumn({ lengths: [length = Number.NaN] }: Observations, { w, lambda }: GroupPrior): Matrix {
  const [t, l] = [w * length ** 2, lambda * length ** 2];
  return new Matrix([[1 / (w * t + lambda * l)]]);
}

/** (1/λ) F diag(1 / ((w/λ) D + 1)) Fᵀ with V D Vᵀ = T_ab / √(ℓ_a ℓ_b) and F = V, its rows scaled by 1/√ℓ. */
function severalColumns({ ss, lengths }: Observations, { w, lambda }: GroupPrior): Matrix {
  const count = lengths.length;
  const squared = lengths.map((length) => length ** 2);
  const noise = squared.map((square) => lambda * square);
  const scaled = Matrix.zeros(count, count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const t = w * (row === column ? at(squared, row) : ss.get(row, column));
      scaled.set(row, column, t / Math.sqrt(at(noise, row) * at(noise, column)));
    }
  }
  const eigen = symmetricEigen(scaled);
  if (eigen === null) return notANumber(count);
  const inverseNoise = Matrix.diag(noise.map((value) => 1 / Math.sqrt(value)));
  const factor = inverseNoise.mmul(eigen.vectors);
  const damping = Matrix.diag(eigen.values.map((value) => 1 / ((w / lambda) * value + 1)));
  return factor.mmul(damping).mmul(factor.transpose()).div(lambda);
}
