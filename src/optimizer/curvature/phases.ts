import type { Value } from '../../engine/index.js';
import type { DriftState } from './drift.js';
import type { LayerFactor } from './factor.js';
import type { GroupPrior } from './group-prior.js';
import type { LeftOut, PosteriorState } from './posterior.js';
import type { PriorState } from './prior.js';

/** What a group has been given for phase 4. */
export interface GroupEstimate {
  /** As measured, usable or not. */
  readonly measured: GroupPrior;
  /** The step size in force: α, or what stands in for it. */
  readonly alpha: number;
  readonly usable: boolean;
}

/** n ḡ and n h̄ as program inputs: what the drift statistic refers to. Empty where it is not measured. */
export type Reference = Readonly<Record<string, Value>>;

/** Where a training is. */
export type Phase =
  | { readonly kind: 'prior'; readonly state: PriorState }
  | {
      readonly kind: 'posterior';
      readonly state: PosteriorState;
      readonly groups: readonly GroupEstimate[];
      readonly reference: Reference;
    }
  | {
      readonly kind: 'idle';
      /** Minibatches that are still to pass. */
      readonly left: number;
      readonly groups: readonly GroupEstimate[];
      readonly reference: Reference;
    }
  | {
      readonly kind: 'steps';
      readonly groups: readonly GroupEstimate[];
      readonly reference: Reference;
      /** Steps since the inner optimizer's state was made. */
      readonly t: number;
      /** The inner optimizer's state. */
      readonly inner: Readonly<Record<string, Value>>;
      readonly preconditioners: Readonly<Record<string, Value>>;
      readonly drift: DriftState;
      /** Whether the drift chart has signalled. */
      readonly signalled: boolean;
    };

/** A layer's factor, or why there is none. */
export type FactorOrNot = LayerFactor | LeftOut;
