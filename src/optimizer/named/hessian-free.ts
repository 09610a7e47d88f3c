import { z } from 'zod';
import { conjugateGradients, type Iterate } from '../host/conjugate-gradients.js';
import { defineHostOptimizer } from '../host/define-host-optimizer.js';
import { backtrack } from '../host/line-search.js';
import type { Vector } from '../host/vectors.js';
import { fraction, learningRate, nonNegative, positiveInteger } from '../hyperparameters.js';

/** Whether φ has fallen by less than k · 5·10⁻⁴ of itself in the last k = max(10, i / 10) iterations. */
function hasSettled(values: readonly number[]): boolean {
  const i = values.length - 1;
  const k = Math.max(10, Math.ceil(0.1 * i));
  const [now = 0, before = 0] = [values[i], values[i - k]];
  return i > k && now < 0 && (now - before) / now < k * 5e-4;
}

/**
 * Hessian-free optimization (Martens 2010, algorithm 2) with the Hessian itself in the place of the Gauss–Newton matrix: (H + λ I) p = −g by conjugate gradients
 * from 0.95 of the last p, stopped by relative progress, or where the curvature is not positive; of the iterates ⌈1.3ʲ⌉ the one with the
 * smallest loss, from the last one back; a line search with factor 0.8; λ ← 3/2 λ where the loss falls by less than a quarter of
 * what the quadratic model says, 2/3 λ where by more than three quarters. All on one minibatch.
 */
export default defineHostOptimizer({
  name: 'hessian-free',
  className: 'HessianFree',
  description: 'Newton steps by conjugate gradients, with adaptive damping and backtracking',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1).describe('factor on the step'),
    iterations: positiveInteger().default(250).describe('products per step at most'),
    damping: nonNegative().default(1).describe('first damping λ'),
    adaptive_damping: z.boolean().default(true).describe('let the damping follow the quality of the model'),
    backtracking: z.boolean().default(true).describe('choose among the iterates by their losses'),
    line_search: z.boolean().default(true).describe('shorten the step until the loss falls'),
    warm_start: fraction().default(0.95).describe('part of the last solution from which the iterations start'),
  }),
  profile: { group: 'second-order', gradients: 1, products: 250, losses: 85, atMost: true, memory: 1, tune: [] },
  rule: (options) => ({
    init: ({ vectors }) => ({ damping: options.damping, last: vectors.zeros(), started: false }),
    step: async (context, state: { damping: number; last: Vector; started: boolean }) => {
      const { parameters, minibatch, vectors: v, log, learningRate: lr } = context;
      const { loss, gradient } = await minibatch.gradient(parameters);
      const { damping } = state;
      const kept: Iterate[] = [];
      let wanted = 1;
      const warm = state.started && options.warm_start > 0;
      const final = await conjugateGradients(v, {
        apply: async (d) => v.combine([1, await minibatch.product(parameters, d)], [damping, d]),
        right: await v.combine([-1, gradient]),
        ...(warm && { start: await v.combine([options.warm_start, state.last]) }),
        iterations: options.iterations,
        enough: (_, values) => hasSettled(values),
        visit: (iterate, i) => {
          if (i < wanted) return;
          kept.push(iterate);
          while (wanted <= i) wanted = Math.ceil(wanted * 1.3 + 1e-9);
        },
      });
      const lossAt = async ({ vector }: Iterate) => minibatch.loss(await v.combine([1, parameters], [1, vector]));
      let chosen = final;
      let reached = options.backtracking || options.adaptive_damping ? await lossAt(final) : loss;
      if (options.backtracking) {
        for (const iterate of kept.filter(({ vector }) => vector !== final.vector).toReversed()) {
          const there = await lossAt(iterate);
          if (there >= reached) break;
          [chosen, reached] = [iterate, there];
        }
      }
      const squares = await v.dot(chosen.vector, chosen.vector);
      // φ with the damping is gᵀp + ½ pᵀ(H + λ I) p; the model's promise has none.
      const ratio = (reached - loss) / (chosen.value - 0.5 * damping * squares);
      const factor = !options.adaptive_damping
        ? 1
        : ratio < 0.25 || Number.isNaN(ratio)
          ? 1.5
          : ratio > 0.75
            ? 2 / 3
            : 1;
      log('damping', damping);
      const next = { damping: damping * factor, last: final.vector, started: true };
      const slope = await v.dot(gradient, chosen.vector);
      const from = { point: parameters, loss, slope, direction: chosen.vector };
      const rule = { shrink: 0.8, part: 0.01, smallest: 1e-6 };
      const found = options.line_search ? await backtrack({ minibatch, vectors: v }, from, rule) : { size: 1 };
      const size = (found?.size ?? 0) * (lr ?? 1);
      log('step_size', size);
      return { loss, parameters: await v.combine([1, parameters], [size, chosen.vector]), state: next };
    },
  }),
});
