import type { Matrix } from 'ml-matrix';
import type { Value } from '../../engine/index.js';
import type { Observations, PosteriorMean } from './estimators/estimator.js';
import type { Score } from './estimators/prediction.js';
import type { GroupPrior } from './group-prior.js';
import { newestObservations } from './observations.js';

/** What phase 2 knows of one layer. */
export interface LayerPosterior {
  /**
   * Columns of S and Y as rows [1, N] on the engine: 2mN numbers over all layers, the part of an estimation's memory that
   * grows. The programs of phases 2 and 3 copy a few of them at a time (docs/performance.md).
   */
  readonly s: readonly Value[];
  readonly y: readonly Value[];
  readonly observations: Observations;
  /** X, in terms of S and Y. */
  readonly mean: PosteriorMean;
  /** Z of the next direction. */
  readonly correction: Matrix;
  /** Of each observation of phase 2, where they are wanted. */
  readonly scores?: readonly Score[];
}

/** A layer that phase 2 does not treat (any more), and why. */
export interface LeftOut {
  readonly leftOut: string;
}

/** Phase 2 in progress. */
export interface PosteriorState {
  /** Observations of this estimation. */
  columns: number;
  /** Whether there have been enough, where that depends on the noise. */
  enough?: boolean;
  /** For each layer the variance over minibatches of the curvature along the mean gradient, where it is measured. */
  readonly noise?: readonly number[];
  /** α, w and λ of each group; null for a group that takes no part. */
  readonly priors: readonly (GroupPrior | null)[];
  layers: readonly (LayerPosterior | LeftOut)[];
}

/** Whether the layer takes part. */
export function takesPart(layer: LayerPosterior | LeftOut): layer is LayerPosterior {
  return !('leftOut' in layer);
}

/** What an estimation leaves to the next one of a layer: some of its columns. */
export interface CarriedColumns {
  readonly s: readonly Value[];
  readonly y: readonly Value[];
  readonly observations: Observations;
}

/** The newest columns of a layer, `count` at most. */
export function newestColumns({ s, y, observations }: CarriedColumns, count: number): CarriedColumns {
  return { s: s.slice(-count), y: y.slice(-count), observations: newestObservations(observations, count) };
}
