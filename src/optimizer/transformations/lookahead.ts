import { at } from '../../expect.js';
import { add, multiply, subtract, type Tensor } from '../../tensor/index.js';
import type { State, Transformation } from '../transformation.js';

/** What lookahead keeps. */
export interface LookaheadState {
  readonly [part: string]: State;
  readonly slow: readonly Tensor[];
  readonly inner: State;
}

/**
 * Lookahead (Zhang et al. 2019, algorithm 1) around another transformation: every k steps φ ← φ + α (θ − φ) and θ ← φ. The
 * slow weights φ are the result, so the run evaluates at φ; the inner state, momentum for instance, stays as it is.
 */
export function lookahead(
  inner: Transformation,
  { steps = 5, alpha = 0.5 }: { readonly steps?: number; readonly alpha?: number } = {},
): Transformation<LookaheadState> {
  return {
    init: (parameters, context) => ({ slow: parameters, inner: inner.init(parameters, context) }),
    update: (gradients, context) => {
      const { slow } = context.state;
      const { updates, state } = inner.update(gradients, { ...context, state: context.state.inner });
      if (!context.when((t) => t % steps === 0)) return { updates, state: { slow, inner: state } };
      const next = updates.map((update, index) => {
        const fast = add(at(context.parameters, index), update);
        return add(at(slow, index), multiply(subtract(fast, at(slow, index)), alpha));
      });
      return {
        updates: next.map((tensor, index) => subtract(tensor, at(context.parameters, index))),
        state: { slow: next, inner: state },
      };
    },
    evaluationPoint: (state) => inner.evaluationPoint?.(state.inner, state.slow) ?? state.slow,
  };
}
