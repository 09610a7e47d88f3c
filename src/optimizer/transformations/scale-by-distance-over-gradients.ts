import { at } from '../../expect.js';
import { add, constant, divide, dot, maximum, multiply, sqrt, type Tensor } from '../../tensor/index.js';
import { minus, squaredNorm } from '../tensor-lists.js';
import type { Transformation } from '../transformation.js';

/** The state of {@link scaleByDistanceOverGradients}: distance and sum of each layer, or one for all. */
export interface DistanceState {
  readonly [name: string]: readonly Tensor[];
  readonly start: readonly Tensor[];
  readonly distance: readonly Tensor[];
  readonly squares: readonly Tensor[];
}

/**
 * DoG, distance over gradients (Ivgi, Hinder & Carmon 2023, equations 1 and 2): u ← −η u with η = r̄ / √(Σ ‖g‖² + ε), r̄ the largest
 * distance from the start so far, at first r (1 + ‖θ₀‖). `layerwise`: with a step size for each tensor (L-DoG).
 */
export function scaleByDistanceOverGradients({
  layerwise,
  initial,
  epsilon,
}: {
  readonly layerwise: boolean;
  readonly initial: number;
  readonly epsilon: number;
}): Transformation<DistanceState> {
  const squares = (tensors: readonly Tensor[]) =>
    layerwise ? tensors.map((tensor) => dot(tensor, tensor)) : [squaredNorm(tensors)];
  return {
    init: (parameters) => ({
      start: parameters,
      distance: squares(parameters).map((square) => multiply(add(sqrt(square), 1), initial)),
      squares: squares(parameters).map(() => constant(epsilon)),
    }),
    update: (gradients, { state, parameters, log }) => {
      const moved = squares(minus(parameters, state.start));
      const distance = moved.map((square, index) => maximum(at(state.distance, index), sqrt(square)));
      const sums = squares(gradients).map((square, index) => add(at(state.squares, index), square));
      const rates = distance.map((length, index) => divide(length, sqrt(at(sums, index))));
      for (const rate of rates) log('step_size', rate);
      return {
        updates: gradients.map((gradient, index) => multiply(gradient, multiply(at(rates, layerwise ? index : 0), -1))),
        state: { start: state.start, distance, squares: sums },
      };
    },
  };
}
