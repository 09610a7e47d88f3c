import { add, multiply, type Tensor } from '../../tensor/index.js';
import { type Setting, stateless, type Transformation } from '../transformation.js';

/**
 * u ← u + μ θ. Before a rule that scales by moments it is the L2 term of PyTorch's optimizers; behind it and before the
 * learning rate it is decoupled weight decay, as in AdamW.
 */
export function addDecayedWeights(decay: Setting): Transformation<readonly Tensor[]> {
  return stateless((gradient, parameter) => add(gradient, multiply(parameter, decay)));
}
