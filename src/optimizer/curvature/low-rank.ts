import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { allFinite } from '../../curvature/symmetric-eigen.js';
import type { PosteriorMean } from './estimators/estimator.js';

/** The largest singular values of B̂ = I/α + w² X Sᵀ and the left singular vectors of those that mean something. */
export interface LeadingTriplets {
  /** The r largest of the N singular values, descending; the multiple 1/α of the identity counts with its multiplicity. */
  readonly sigma: readonly number[];
  /** Which of them have a direction of their own: not those of the repeated 1/α, not zeros. */
  readonly directed: readonly number[];
  /** The left singular vectors of the directed ones as columns, in coordinates of the basis. */
  readonly left: Matrix;
}

/**
 * B̂ in an orthonormal basis of the columns of A = [S Y]: I/α + w² R_X R_Sᵀ. Off the span of A, B̂ is I/α.
 * `coordinates` [ρ, 2m] are those of A in the basis.
 */
export function meanInBasis(coordinates: Matrix, mean: PosteriorMean, alpha: number, w: number): Matrix {
  const count = mean.weights.rows;
  const ofS = coordinates.subMatrix(0, coordinates.rows - 1, 0, count - 1);
  const ofY = coordinates.subMatrix(0, coordinates.rows - 1, count, 2 * count - 1);
  const ofX = Matrix.sub(ofY, Matrix.mul(ofS, mean.shift)).mmul(mean.weights);
  return ofX
    .mmul(ofS.transpose())
    .mul(w ** 2)
    .add(Matrix.eye(coordinates.rows, coordinates.rows, 1 / alpha));
}

/** Singular values closer to 1/α than this fraction are the repeated one. */
const SAME = 1e-12;

/**
 * The `rank` largest singular values of the N×N matrix that is `small` in a basis of ρ columns and c times the identity
 * off it: those of `small`, and c repeated N − ρ times. The repeated ones have arbitrary directions and are skipped.
 * Null where `small` is not finite.
 */
export function leadingTriplets(small: Matrix, c: number, size: number, rank: number): LeadingTriplets | null {
  if (!allFinite(small) || !Number.isFinite(c)) return null;
  const { values, vectors } = leftSingular(small);
  const sigma: number[] = [];
  const directed: number[] = [];
  const columns: number[] = [];
  let own = 0;
  let repeated = size - small.rows;
  while (sigma.length < Math.min(rank, size)) {
    const value = values[own];
    if (repeated > 0 && (value === undefined || value < c)) {
      sigma.push(c);
      repeated -= 1;
      continue;
    }
    if (value === undefined) break;
    if (value > 0 && Math.abs(value - c) > SAME * c) {
      directed.push(sigma.length);
      columns.push(own);
    }
    sigma.push(value);
    own += 1;
  }
  return { sigma, directed, left: vectors.subMatrixColumn(columns) };
}

function leftSingular(small: Matrix): { values: readonly number[]; vectors: Matrix } {
  if (small.rows === 0) return { values: [], vectors: small };
  const { diagonal, leftSingularVectors } = new SingularValueDecomposition(small, {
    computeRightSingularVectors: false,
  });
  return { values: diagonal, vectors: leftSingularVectors };
}
