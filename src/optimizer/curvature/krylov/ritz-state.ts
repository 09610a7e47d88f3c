import type { KrylovSpace } from '../../../curvature/index.js';
import type { Value } from '../../../engine/index.js';
import type { EvaluationCounts } from '../../evaluation-counts.js';
import type { BatchFeeds } from '../../training.js';
import type { FactorOrNot } from '../factor.js';
import type { Preconditioner } from '../preconditioner.js';
import type { ComplementMoments } from './complement.js';

/** Where phase 2 stands: plain data and values. */
export interface RitzState {
  /** Minibatches of phase 2 that have been used. */
  minibatches: number;
  /** The Krylov space of each block; null for a block without a start vector. */
  spaces: (KrylovSpace | null)[];
  /** Minibatches that are kept to be used together. */
  held: BatchFeeds[];
  /** Once the directions are known. */
  factors: FactorOrNot[] | null;
  /** The factors as projections: the change of each direction is −1. */
  projections: Preconditioner<Value>[] | null;
  /** For each block sums over the minibatches of the complement. */
  moments: ComplementMoments[];
}

/** How the directions of the preconditioner are found. */
export interface Directions {
  /** Uses one minibatch; `last` says that no other follows. */
  use(
    state: RitzState,
    feeds: BatchFeeds,
    last: boolean,
  ): Promise<{ readonly loss: number; readonly counts: Readonly<Partial<EvaluationCounts>> }>;
}
