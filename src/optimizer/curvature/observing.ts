import type { EvaluationCounts } from '../evaluation-counts.js';
import type { BatchFeeds } from '../training.js';
import type { Block } from './blocks.js';
import type { Score } from './estimators/prediction.js';
import type { FactorOrNot } from './factor.js';
import type { GroupEstimate } from './group-estimates.js';
import type { RitzState } from './krylov/ritz-state.js';
import type { PosteriorState } from './posterior.js';
import type { FirstColumn } from './prior.js';

/** What phase 1 has found out. */
export interface AfterFirstPhase {
  readonly groups: readonly GroupEstimate[];
  readonly first: readonly FirstColumn[];
}

/** What the phases after phase 1 remember between two minibatches. */
export type ObservingState = PosteriorState | RitzState;

/** What an estimation came to. */
export interface Estimate {
  readonly groups: readonly GroupEstimate[];
  /** For each block. */
  readonly factors: readonly FactorOrNot[];
  /** For each block how far its observations were from what was expected, where that is wanted; null for one that was left out. */
  readonly scores?: readonly (readonly Score[] | null)[];
}

/** Phases 2 and 3, as an estimator has them. */
export interface Observing {
  readonly compileSeconds: number;
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
