import { abs, add, divide, multiply, sqrt, square } from '../../tensor/index.js';
import { eachOf, plus, scaled, squaredNorm } from '../tensor-lists.js';
import type { Transformation } from '../transformation.js';

/**
 * Sharpness-aware minimisation around a transformation, which is given the gradients of the same minibatch at θ + e: e = ρ g / ‖g‖ over all
 * parameters (SAM, Foret et al. 2021, equation 2), or adaptively e = ρ θ² ∘ g / ‖|θ| ∘ g‖ (ASAM, Kwon et al. 2021, algorithm 1).
 */
export function sharpnessAware(
  inner: Transformation,
  { rho, adaptive }: { readonly rho: number; readonly adaptive: boolean },
): Transformation {
  return {
    ...inner,
    update: (gradients, context) => {
      const { parameters } = context;
      const measured = adaptive ? eachOf([gradients, parameters], (g, p) => multiply(g, abs(p))) : gradients;
      const along = adaptive ? eachOf([gradients, parameters], (g, p) => multiply(g, square(p))) : gradients;
      const length = divide(rho, add(sqrt(squaredNorm(measured)), 1e-12));
      const point = plus(parameters, scaled(along, length));
      return inner.update(context.gradientsAt(point).gradients, context);
    },
  };
}
