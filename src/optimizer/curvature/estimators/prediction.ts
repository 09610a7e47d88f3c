import { at } from '../../../expect.js';
import type { GroupPrior } from '../group-prior.js';
import type { NewColumn } from '../observations.js';
import type { PosteriorMean } from './estimator.js';

/** How far a new observation is from what the posterior before it says. */
export interface Score {
  /**
   * (sᵀy − sᵀB̂s) / √(Var(sᵀBs) + λ²), about N(0, 1) where the posterior is calibrated; NaN where it has no positive
   * variance.
   */
  readonly z: number;
  /** sᵀVs / w²: the share of the prior variance along s that the observations before it have left. */
  readonly remaining: number;
}

/**
 * The score of one more column s, y of length-one s. Each row of B has the posterior covariance V = w² [I − w² S C Sᵀ] with
 * C the weights of the mean: (w²G + λ²I)⁻¹ for the equations of the paper. So Var(uᵀBv) = ‖u‖² vᵀVv, here with u = v = s,
 * from inner products alone.
 */
export function scoreOf({ shift, weights }: PosteriorMean, prior: GroupPrior, column: NewColumn): Score {
  const { alpha, w, lambda } = prior;
  const { ss, ys, ownSy } = column;
  const weighted = ss.map((_, row) => ss.reduce((sum, own, index) => sum + weights.get(row, index) * own, 0));
  const dot = (a: readonly number[]) => a.reduce((sum, value, index) => sum + value * at(weighted, index), 0);
  const expected = 1 / alpha + w ** 2 * (dot(ys) - shift * dot(ss));
  const remaining = 1 - w ** 2 * dot(ss);
  return { z: (ownSy - expected) / Math.sqrt(w ** 2 * remaining + lambda ** 2), remaining };
}
