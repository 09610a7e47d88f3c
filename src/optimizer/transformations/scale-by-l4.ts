import { add, constant, divide, maximum, minimum, multiply, subtract, type Tensor } from '../../tensor/index.js';
import { averaged, innerProduct, scaled, zerosLike } from '../tensor-lists.js';
import type { State, Transformation } from '../transformation.js';

/** What L4 is set by; the names of its paper are in brackets. */
export interface L4Options {
  /** The part of the way to the smallest loss that a step takes (α). */
  readonly fraction: number;
  /** The part of the smallest loss seen that is thought to be attainable (γ). */
  readonly attainable: number;
  /** The part of the first loss that the smallest one starts as (γ₀). */
  readonly initial: number;
  /** Steps in which the smallest loss is forgotten (τ). */
  readonly memory: number;
  /** Decay of the average of gradients that the step size is computed with. */
  readonly decay: number;
}

/** The state of {@link scaleByL4}; the average is empty where the direction is the average itself. */
export interface L4State<S extends State> {
  readonly [name: string]: State;
  readonly direction: S;
  readonly average: readonly Tensor[];
  readonly smallest: Tensor;
}

/**
 * L4 (Rolinek & Martius 2018, algorithm 1): a step −η u along a direction u with the η at which the linear model of the loss has
 * fallen by α (L − γ L_min): η = α (L − γ L_min) / (mᵀu + 10⁻¹²), m the bias-corrected average of the gradients. L_min starts
 * as γ₀ L, is the smallest loss since, and grows by 1 + 1/τ in each step. Without a direction, u = m.
 */
export function scaleByL4<S extends State>(
  options: L4Options,
  direction: Transformation<S> | null,
): Transformation<L4State<S>> {
  const { fraction, attainable, initial, memory, decay } = options;
  return {
    init: (parameters, context) => ({
      direction: direction?.init(parameters, context) ?? ([] as unknown as S),
      average: zerosLike(parameters),
      smallest: constant(0),
    }),
    update: (gradients, context) => {
      const { state, loss, scalar, log } = context;
      const average = averaged(state.average, gradients, decay);
      const mean = scaled(
        average,
        scalar((t) => 1 / (1 - decay ** t)),
      );
      const own = direction?.update(gradients, { ...context, state: state.direction });
      const along = own?.updates ?? mean;
      // In the first step there is no smallest loss yet.
      const first = scalar((t) => (t === 1 ? 1 : 0));
      const known = minimum(state.smallest, loss);
      const smallest = add(known, multiply(first, subtract(multiply(loss, initial), known)));
      // A loss below zero leaves no room for the assumption that zero is its bound; the step then waits.
      const gap = maximum(subtract(loss, multiply(smallest, attainable)), 0);
      const rate = divide(multiply(gap, fraction), add(innerProduct(mean, along), 1e-12));
      log('step_size', rate);
      return {
        updates: scaled(along, multiply(rate, -1)),
        state: { direction: own?.state ?? state.direction, average, smallest: multiply(smallest, 1 + 1 / memory) },
      };
    },
  };
}
