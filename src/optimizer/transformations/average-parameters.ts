import { at } from '../../expect.js';
import { add, multiply, subtract, type Tensor } from '../../tensor/index.js';
import type { Transformation } from '../transformation.js';

/**
 * Evaluates at an average of the iterates: θ̄ ← θ̄ + c_t (θ − θ̄) after each step, from θ̄ = θ₀. The last member of a chain;
 * it changes no update. `weight` gives c_t for t = 1, 2, …: a number for an exponential average (1 − decay), `t => 1 / t` for
 * the mean of all iterates, `t => (γ + 1) / (γ + t)` for polynomial decay (Shamir & Zhang 2013).
 */
export function averageParameters(
  weight: number | ((t: number) => number),
): Transformation<{ readonly average: readonly Tensor[] }> {
  return {
    init: (parameters) => ({ average: parameters }),
    update: (updates, { state, parameters, scalar }) => {
      const share = typeof weight === 'number' ? weight : scalar(weight);
      const average = updates.map((update, index) => {
        const before = at(state.average, index);
        return add(before, multiply(subtract(add(at(parameters, index), update), before), share));
      });
      return { updates, state: { average } };
    },
    evaluationPoint: ({ average }) => average,
  };
}
