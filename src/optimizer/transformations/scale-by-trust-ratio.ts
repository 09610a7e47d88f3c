import { divide, dot, greater, multiply, select, sqrt, type Tensor } from '../../tensor/index.js';
import { stateless, type Transformation } from '../transformation.js';

/**
 * u ← κ (‖θ‖ / ‖u‖) u for each parameter tensor, and u where one of the norms is 0 (You et al. 2017 and 2020; optax). `adapts` says for
 * which parameters; the others get κ u.
 */
export function scaleByTrustRatio({
  coefficient = 1,
  adapts = () => true,
}: {
  readonly coefficient?: number;
  readonly adapts?: (parameter: Tensor) => boolean;
} = {}): Transformation<readonly Tensor[]> {
  return stateless((update, parameter) => {
    if (!adapts(parameter)) return multiply(update, coefficient);
    const [weights, step] = [sqrt(dot(parameter, parameter)), sqrt(dot(update, update))];
    const usable = greater(multiply(weights, step), 0);
    const ratio = divide(multiply(weights, coefficient), select(usable, step, 1));
    return multiply(update, select(usable, ratio, 1));
  });
}
