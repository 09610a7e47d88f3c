import {
  abs,
  add,
  concatenate,
  constant,
  divide,
  maximum,
  minimum,
  multiply,
  negate,
  sqrt,
  square,
  subtract,
  sum,
  type Tensor,
} from '../../tensor/index.js';
import { innerProduct, minus, plus, scaled, squaredNorm, zerosLike } from '../tensor-lists.js';
import type { State, Transformation } from '../transformation.js';

/** The decays βᵢ = 1 − 10⁻ⁱ, i = 1 … 6. */
const DECAYS = [1, 2, 3, 4, 5, 6].map((i) => 1 - 10 ** -i);

/** The state of {@link mechanic}: Δ, and for each decay its scale and sums. */
export interface MechanicState<S extends State> {
  readonly [name: string]: State;
  readonly inner: S;
  readonly moved: readonly Tensor[];
  readonly scales: Tensor;
  readonly largest: Tensor;
  readonly squares: Tensor;
  readonly rewards: Tensor;
}

/**
 * Mechanic (Cutkosky, Defazio & Mehta 2023, algorithm 1, as optax has it) learns the scale s = Σ sᵢ of another rule's updates u:
 * θ = θ₀ + s Δ with Δ ← Δ + u. For each βᵢ, with the old Δ and s: h = ⟨g + λ s (‖g‖ / ‖θ‖) θ, −Δ⟩; r ← βᵢ r + sᵢ clip(h, ±m);
 * m ← max(βᵢ m, |h| + ε); v ← βᵢ² v + h²; sᵢ ← (s₀ m / n + [r]₊) / (√v + ε).
 */
export function mechanic<S extends State>(
  inner: Transformation<S>,
  { initial, decay, epsilon }: { readonly initial: number; readonly decay: number; readonly epsilon: number },
): Transformation<MechanicState<S>> {
  const n = DECAYS.length;
  // Decays near 1 lose digits in single precision: β m is computed as m − (1 − β) m.
  const less = (x: Tensor, powers: number) => {
    const part = concatenate(
      DECAYS.map((beta) => constant(1 - beta ** powers, [1])),
      0,
    );
    return subtract(x, multiply(x, part));
  };
  return {
    init: (parameters, context) => ({
      inner: inner.init(parameters, context),
      moved: zerosLike(parameters),
      scales: constant(initial, [n]),
      largest: constant(0, [n]),
      squares: constant(0, [n]),
      rewards: constant(0, [n]),
    }),
    update: (gradients, context) => {
      const { state, parameters, log } = context;
      const { updates, state: innerState } = inner.update(gradients, { ...context, state: state.inner });
      const scale = sum(state.scales);
      const pull = divide(
        multiply(multiply(scale, decay), sqrt(squaredNorm(gradients))),
        add(sqrt(squaredNorm(parameters)), epsilon),
      );
      // (θ − θ₀) / (s + ε), as the reference recovers Δ from the parameters.
      const before = scaled(state.moved, divide(scale, add(scale, epsilon)));
      const h = negate(innerProduct(plus(gradients, scaled(parameters, pull)), before));
      const clipped = maximum(minimum(h, state.largest), negate(state.largest));
      const largest = maximum(less(state.largest, 1), add(abs(h), epsilon));
      const squares = add(less(state.squares, 2), square(h));
      const rewards = add(less(state.rewards, 1), multiply(clipped, state.scales));
      const scales = divide(add(multiply(largest, initial / n), maximum(rewards, 0)), add(sqrt(squares), epsilon));
      const moved = plus(before, updates);
      log('scale', sum(scales));
      const next = sum(scales);
      return {
        updates: minus(scaled(moved, next), scaled(state.moved, scale)),
        state: { inner: innerState, moved, scales, largest, squares, rewards },
      };
    },
  };
}
