import { add, multiply, type Tensor, zeros } from '../../tensor/index.js';
import { named, type Setting, type Transformation } from '../transformation.js';

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
}): Transformation {
  return {
    init: (parameters) => Object.fromEntries(parameters.map(({ shape }, index) => [`trace.${index}`, zeros(shape)])),
    update: (gradients, { state }) => {
      const traces: Record<string, Tensor> = {};
      const updates = gradients.map((gradient, index) => {
        const velocity = add(multiply(named(state, `trace.${index}`), decay), gradient);
        traces[`trace.${index}`] = velocity;
        return nesterov ? add(gradient, multiply(velocity, decay)) : velocity;
      });
      return { updates, state: traces };
    },
  };
}
