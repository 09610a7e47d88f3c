import { add, divide, multiply, sqrt, square, type Tensor, zeros } from '../../tensor/index.js';
import { named, type Setting, type Transformation } from '../transformation.js';

/**
 * Adam (Kingma & Ba 2015, algorithm 1): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
 * u ← m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 *
 * The buffers hold M = m / (1 − β₁) and V = v / (1 − β₂), which saves two passes over the parameters; the factors that
 * remain are two scalars of the step, computed on the host in double precision:
 * u = scale · M / (√V + offset), scale = (1 − β₁) / (1 − β₁ᵗ) · √((1 − β₂ᵗ) / (1 − β₂)), offset = ε √((1 − β₂ᵗ) / (1 − β₂)).
 */
export function scaleByAdam({ beta1, beta2 }: { readonly beta1: Setting; readonly beta2: Setting }): Transformation {
  return {
    init: (parameters) =>
      Object.fromEntries(
        parameters.flatMap(({ shape }, index) => [
          [`first.${index}`, zeros(shape)],
          [`second.${index}`, zeros(shape)],
        ]),
      ),
    update: (gradients, { state, settings }) => {
      const moments: Record<string, Tensor> = {};
      const updates = gradients.map((gradient, index) => {
        const first = add(multiply(named(state, `first.${index}`), beta1), gradient);
        const second = add(multiply(named(state, `second.${index}`), beta2), square(gradient));
        moments[`first.${index}`] = first;
        moments[`second.${index}`] = second;
        const direction = divide(first, add(sqrt(second), named(settings, 'adamOffset')));
        return multiply(direction, named(settings, 'adamScale'));
      });
      return { updates, state: moments };
    },
    hostScalars: (t, { beta1: b1 = 0.9, beta2: b2 = 0.999, epsilon = 1e-8 }) => {
      const spread = Math.sqrt((1 - b2 ** t) / (1 - b2));
      return { adamScale: ((1 - b1) / (1 - b1 ** t)) * spread, adamOffset: epsilon * spread };
    },
  };
}
