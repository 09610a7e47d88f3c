/** Inner products of minibatch gradients g with H g on the same minibatch, each a number for every minibatch. */
export interface GradientProducts {
  /** ‖g‖². */
  readonly gg: readonly number[];
  /** gᵀHg. */
  readonly gHg: readonly number[];
  /** ‖Hg‖². */
  readonly gHHg: readonly number[];
}

/** Scalars of phase 1 of active probabilistic inference (de Roos & Hennig 2019), over some minibatches. */
export interface StepSize {
  /** Σ gᵀHg / Σ ‖Hg‖²: the step length that they predict to be best. */
  readonly alpha: number;
  /** Σ gᵀHg / Σ ‖g‖²: the mean curvature along gradients. */
  readonly curvature: number;
}

/** The step size α and the curvature along gradients; what optimizers of the preconditioner family measure in phase 1. */
export function stepSize({ gg, gHg, gHHg }: GradientProducts): StepSize {
  return { alpha: sum(gHg) / sum(gHHg), curvature: sum(gHg) / sum(gg) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
