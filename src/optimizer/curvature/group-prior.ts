/** What phase 1 finds out about a group of layers. */
export interface GroupPrior {
  /** Step size; 1/α is the prior mean of the Hessian. */
  readonly alpha: number;
  /** Scale of the prior covariance W = wI. */
  readonly w: number;
  /** Noise variance, Λ = λI. */
  readonly lambda: number;
}

/** Sums over the minibatches of phase 1 and the layers of a group, for v = g + μθ and h = Hv + μv. */
export interface PriorSums {
  /** Σ ‖v‖². */
  readonly sts: number;
  /** Σ vᵀh. */
  readonly stas: number;
  /** Σ ‖h‖². */
  readonly staas: number;
  /** Σ over the layers of ‖Σᵢ vᵢ‖² = ‖n ḡ‖². */
  readonly total: number;
}

/**
 * α = sᵀBs / sᵀBBs (de Roos & Hennig 2019, §2.4), w = STAS / STS (eq. 15), λ = |STS − ‖n ḡ‖²| / n (§2.4), over n
 * minibatches. Not finite where the sums are not, or where there is no curvature at all.
 */
export function estimateGroupPrior({ sts, stas, staas, total }: PriorSums, minibatches: number): GroupPrior {
  return { alpha: stas / staas, w: stas / sts, lambda: Math.abs(sts - total) / minibatches };
}

/** Whether α can be a step size and 1/α the mean of a positive definite Hessian. */
export function isUsable({ alpha }: GroupPrior): boolean {
  return Number.isFinite(alpha) && alpha > 0;
}
