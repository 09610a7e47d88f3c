import { at } from '../../expect.js';
import { add, multiply, type Tensor, zeros } from '../../tensor/index.js';
import type { Setting, Transformation } from '../transformation.js';

/**
 * Momentum: v ← μ v + g, u ← v (Polyak 1964), or with Nesterov's correction u ← g + μ v (Sutskever et al. 2013, in
 * PyTorch's form). The learning rate stays outside of v.
 */
export function trace({
  decay,
  nesterov = false,
}: {
  readonly decay: Setting;
  readonly nesterov?: boolean;
}): Transformation<{ readonly trace: readonly Tensor[] }> {
  return {
    init: (parameters) => ({ trace: parameters.map(({ shape }) => zeros(shape)) }),
    update: (gradients, { state }) => {
      const velocity = gradients.map((gradient, index) => add(multiply(at(state.trace, index), decay), gradient));
      const corrected = () => gradients.map((gradient, index) => add(gradient, multiply(at(velocity, index), decay)));
      return { updates: nesterov ? corrected() : velocity, state: { trace: velocity } };
    },
  };
}
