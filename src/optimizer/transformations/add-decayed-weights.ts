import { add, multiply } from '../../tensor/index.js';
import { type Setting, stateless, type Transformation } from '../transformation.js';

/** g ← g + μ θ: weight decay as PyTorch's optimizers apply it. */
export function addDecayedWeights(decay: Setting): Transformation {
  return stateless((gradient, parameter) => add(gradient, multiply(parameter, decay)));
}
