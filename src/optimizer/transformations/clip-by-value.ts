import { maximum, minimum, type Tensor } from '../../tensor/index.js';
import { stateless, type Transformation } from '../transformation.js';

/** u ← min(c, max(−c, u)), number by number. What is not a number stays so: it must not pass for a gradient. */
export function clipByValue(largest: number): Transformation<readonly Tensor[]> {
  // The bounds come first: of a comparison with NaN, maximum and minimum take their second argument.
  return stateless((update) => minimum(largest, maximum(-largest, update)));
}
