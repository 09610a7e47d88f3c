import { Matrix } from 'ml-matrix';
import { inverseOfPositive } from '../../../curvature/inverse-of-positive.js';
import type { Estimator } from './estimator.js';
import { inverseOfOnePlus } from './inverse-of-one-plus.js';

/**
 * The Gaussian posterior of de Roos & Hennig 2019 with W = wI and Λ = λI. With G = SᵀS and normalised columns, R = I but
 * where a column is noisier than the others: X = Δ (w² G + λ² R)⁻¹, Δ = Y − S/α (eq. 8), and by the matrix inversion lemma
 * (eq. 16) B̂⁻¹g = αg − α²w² X (I + αw² SᵀX)⁻¹ Sᵀg.
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
