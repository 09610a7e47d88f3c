import type { Value } from '../../engine/index.js';
import type { EvaluationCounts } from '../evaluation-counts.js';
import type { BatchFeeds } from '../training.js';
import type { Block } from './blocks.js';
import type { Score } from './estimators/prediction.js';
import type { Expectation } from './expectation.js';
import type { FactorOrNot } from './factor.js';
import type { GroupEstimate } from './group-estimates.js';
import type { RitzState } from './krylov/ritz-state.js';
import type { Tracking } from './krylov/tracking.js';
import type { CarriedColumns, PosteriorState } from './posterior-state.js';
import type { FirstColumn } from './prior.js';

/** What phase 1 has found out. */
export interface AfterFirstPhase {
  readonly groups: readonly GroupEstimate[];
  readonly first: readonly FirstColumn[];
  /** For each layer the variance over minibatches of the curvature along the mean gradient; null where it is not measured. */
  readonly noise: readonly number[] | null;
  /** What the estimation before has left of each layer. */
  readonly carried: readonly (CarriedColumns | null)[] | null;
}

/** What the phases after phase 1 remember between two minibatches. */
export type ObservingState = PosteriorState | RitzState;

/** What an estimation came to. */
export interface Estimate {
  readonly groups: readonly GroupEstimate[];
  /** For each block. */
  readonly factors: readonly FactorOrNot[];
  /**
   * For each block how far its observations were from what was expected, where that is wanted; null for one that was left
   * out.
   */
  readonly scores?: readonly (readonly Score[] | null)[];
  /** Observations that it was made of, where that is not fixed: new ones, and those that were left of before. */
  readonly used?: { readonly observations: number; readonly carried?: number };
  /** What is left of each layer for the next estimation, where that goes on from it. */
  readonly carried?: readonly (CarriedColumns | null)[];
  /** For each layer what the posterior expects of its gradient, where it is compared with that. */
  readonly expectations?: readonly (Expectation<Value> | null)[];
}

/** Phases 2 and 3, as an estimator has them. */
export interface Observing {
  readonly compileSeconds: number;
  /** What goes on with the estimate while steps are taken, where something does. */
  readonly tracking?: Tracking;
  /** What shares a basis. */
  readonly blocks: readonly Block[];
  /** The state after phase 1; null where nothing can be observed. */
  begin(after: AfterFirstPhase): Promise<ObservingState | null>;
  /** Uses one minibatch, which takes no step; the parameters are among the feeds. */
  use(
    state: ObservingState,
    feeds: BatchFeeds,
  ): Promise<{ readonly loss: number; readonly counts: Readonly<Partial<EvaluationCounts>> }>;
  /** Phase 3, once there have been minibatches enough; null before. */
  finish(state: ObservingState, groups: readonly GroupEstimate[]): Promise<Estimate | null>;
}
