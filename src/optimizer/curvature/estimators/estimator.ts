import type { Matrix } from 'ml-matrix';
import type { GroupPrior } from '../group-prior.js';

/**
 * What phase 2 has seen of a layer, as inner products of the columns of S (directions) and Y (observations H·s), both
 * divided by the direction's length.
 */
export interface Observations {
  /** SᵀS. */
  readonly ss: Matrix;
  /** SᵀY. */
  readonly sy: Matrix;
  /** YᵀY. */
  readonly yy: Matrix;
  /** The directions' lengths before the division. */
  readonly lengths: readonly number[];
  /** The noise variance of each column in units of λ²; 1 where it is not given. Only estimator `paper` has others. */
  readonly noise?: readonly number[];
}

/**
 * The posterior mean of the layer's Hessian, B̂ = I/α + w² X Sᵀ, through X = (Y − shift · S) · weights: N-vectors stay on
 * the engine, and X itself is never formed.
 */
export interface PosteriorMean {
  readonly shift: number;
  /** m×m. Not finite where the observations do not determine X. */
  readonly weights: Matrix;
}

/** One reading of the equations. */
export interface Estimator {
  /** X from the observations so far. */
  posteriorMean(observations: Observations, prior: GroupPrior): PosteriorMean;
  /** Z of the next direction s = B̂⁻¹g = αg − (Y − shift · S) Z Sᵀg. */
  correction(observations: Observations, mean: PosteriorMean, prior: GroupPrior): Matrix;
}
