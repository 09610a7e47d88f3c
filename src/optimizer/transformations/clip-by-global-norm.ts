import { add, divide, dot, minimum, multiply, sqrt, type Tensor } from '../../tensor/index.js';
import type { Setting, Transformation } from '../transformation.js';

/** u ← u · min(1, c / ‖u‖), ‖u‖ over all parameters (Pascanu et al. 2013). Nothing changes where u = 0. */
export function clipByGlobalNorm(largest: Setting): Transformation<readonly Tensor[]> {
  return {
    init: () => [],
    update: (updates) => {
      const squares = updates.map((update) => dot(update, update)).reduce((sum, term) => add(sum, term));
      // The smallest normal number of single precision keeps 0/0 away.
      const factor = minimum(divide(largest, add(sqrt(squares), 2 ** -126)), 1);
      return { updates: updates.map((update) => multiply(update, factor)), state: [] };
    },
  };
}
