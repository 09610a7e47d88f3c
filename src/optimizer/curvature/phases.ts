import type { Value } from '../../engine/index.js';
import type { Tree } from '../../tensor/index.js';
import type { DriftState } from './drift.js';
import type { GroupEstimate } from './group-estimates.js';
import type { TrackingState } from './krylov/tracking.js';
import type { NoiseState } from './noise.js';
import type { ObservingState } from './observing.js';
import type { Preconditioner } from './preconditioner.js';
import type { PriorState, Sums } from './prior.js';
import type { SafeguardState } from './safeguard.js';
import type { Watch } from './uncertainty.js';

/** What phase 1 leaves to the phases after it. */
export interface AfterPrior {
  readonly groups: readonly GroupEstimate[];
  /** n ḡ and n h̄, to which the drift statistic refers; null where it is not measured. */
  readonly reference: Sums<Value> | null;
  /** n h̄, from which the safeguard starts; null without one. */
  readonly curved: readonly Value[] | null;
}

export interface PriorPhase {
  readonly kind: 'prior';
  readonly state: PriorState;
}

/** Minibatches that measure the noise of products; no step. */
export interface NoisePhase extends AfterPrior {
  readonly kind: 'noise';
  readonly state: NoiseState;
}

export interface PosteriorPhase extends AfterPrior {
  readonly kind: 'posterior';
  readonly state: ObservingState;
}

/** Minibatches that pass without a step, as many as phase 2 would use. */
export interface IdlePhase extends AfterPrior {
  readonly kind: 'idle';
  /** Minibatches that are still to pass. */
  readonly left: number;
}

export interface StepsPhase extends AfterPrior {
  readonly kind: 'steps';
  /** Steps since the inner optimizer's state was made. */
  readonly t: number;
  /** The inner optimizer's state in each group. */
  readonly inner: readonly Tree<Value>[];
  readonly preconditioners: readonly Preconditioner<Value>[];
  /** Null without a safeguard. */
  readonly safeguard: SafeguardState | null;
  readonly drift: DriftState;
  /** Under the rule `uncertain` what steps are compared with. */
  readonly watch?: Watch | null;
  /** Directions that products of the steps' minibatches keep up to date. */
  readonly tracked?: TrackingState | null;
  /** Whether the chart has signalled. */
  readonly signalled: boolean;
}

/**
 * Where a training is: values and plain data, which a checkpoint keeps as they are. Phase 3 takes no minibatch: it ends
 * phase 2.
 */
export type Phase = PriorPhase | NoisePhase | PosteriorPhase | IdlePhase | StepsPhase;
