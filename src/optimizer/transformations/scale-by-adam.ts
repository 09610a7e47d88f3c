import { at } from '../../expect.js';
import { add, divide, multiply, sqrt, square, type Tensor, zeros } from '../../tensor/index.js';
import type { Transformation } from '../transformation.js';
import type { UpdateContext } from '../update-context.js';

/** The moments of Adam, for each parameter. */
export interface AdamState {
  readonly [moment: string]: readonly Tensor[];
  readonly first: readonly Tensor[];
  readonly second: readonly Tensor[];
}

/** The hyperparameters of Adam's step. */
export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
 * u ← m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 */
export function scaleByAdam(options: AdamOptions = {}): Transformation<AdamState> {
  return {
    init: (parameters) => ({
      first: parameters.map(({ shape }) => zeros(shape)),
      second: parameters.map(({ shape }) => zeros(shape)),
    }),
    update: (gradients, context) => adamStep(options, { gradients, squares: gradients.map(square) }, context),
  };
}

/**
 * Adam's direction with these numbers as squares; times `factor`, where there is one.
 *
 * The buffers hold M = m / (1 − β₁) and V = v / (1 − β₂), which saves two passes over the parameters; the factors that
 * remain are two scalars of the step, computed on the host in double precision:
 * u = scale · M / (√V + offset), scale = (1 − β₁) / (1 − β₁ᵗ) · √((1 − β₂ᵗ) / (1 − β₂)), offset = ε √((1 − β₂ᵗ) / (1 − β₂)).
 */
export function adamStep(
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  { gradients, squares, factor }: { gradients: readonly Tensor[]; squares: readonly Tensor[]; factor?: Tensor },
  { state, scalar }: Pick<UpdateContext<AdamState>, 'state' | 'scalar'>,
): { updates: Tensor[]; state: AdamState } {
  const spread = (t: number) => Math.sqrt((1 - beta2 ** t) / (1 - beta2));
  const own = scalar((t) => ((1 - beta1) / (1 - beta1 ** t)) * spread(t));
  const scale = factor === undefined ? own : multiply(own, factor);
  const offset = scalar((t) => epsilon * spread(t));
  const first = gradients.map((gradient, index) => add(multiply(at(state.first, index), beta1), gradient));
  const second = squares.map((number, index) => add(multiply(at(state.second, index), beta2), number));
  const updates = first.map((moment, index) => multiply(divide(moment, add(sqrt(at(second, index)), offset)), scale));
  return { updates, state: { first, second } };
}
