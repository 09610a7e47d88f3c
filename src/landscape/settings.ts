import type { BlockChoice, CurvatureMatrix } from '../curvature/index.js';
import type { Mode } from '../testproblem/index.js';

/** What `--preconditioner` takes. */
export const preconditionerNames = ['own', 'thesis', 'paper', 'author', 'krylov', 'oracle'] as const;

/** Whose preconditioner: that of the training's own optimizer, or what an estimator of the family finds at the point. */
export type PreconditionerName = (typeof preconditionerNames)[number];

/** What is measured at each point, and how well. */
export interface MeasurementSettings {
  readonly matrix: CurvatureMatrix;
  readonly by: BlockChoice;
  readonly mode: Mode;
  readonly split: 'train' | 'valid';
  /** Minibatches over whose mean loss the matrix is taken; null for all complete ones of the set. */
  readonly batches: number | null;
  /** Largest eigenvalues that are reported. */
  readonly top: number;
  /** Lanczos steps for each probe. */
  readonly steps: number;
  readonly probes: number;
  /** Probes for the trace, those of the Lanczos runs included. */
  readonly traceProbes: number;
  readonly hutchPlusPlus: boolean;
  /** Minibatches for the step size α and the noise of gradients and products; 0 leaves these out. */
  readonly stepSizeBatches: number;
  /** Observations of the preconditioner's posterior whose calibration is measured; 0 leaves it out. */
  readonly posterior: number;
  /** Fresh curvatures that it is compared with. */
  readonly checks: number;
  /** Preconditioners whose √P H √P is looked at. */
  readonly preconditioners: readonly PreconditionerName[];
  /** The ranks of those that are estimated. */
  readonly ranks: readonly number[];
  /** Products that each of these has for its directions. */
  readonly products: number;
}

/** The defaults of the command `curvature`. */
export const DEFAULT_MEASUREMENT: MeasurementSettings = {
  matrix: 'hessian',
  by: 'all',
  mode: 'train',
  split: 'train',
  batches: 1,
  top: 12,
  steps: 60,
  probes: 2,
  traceProbes: 16,
  hutchPlusPlus: false,
  stepSizeBatches: 10,
  posterior: 0,
  checks: 20,
  preconditioners: [],
  ranks: [2, 9],
  products: 20,
};

/** A Ritz value is called an eigenvalue when its residual is at most this part of the largest modulus. */
export const TOLERANCE = 1e-3;
