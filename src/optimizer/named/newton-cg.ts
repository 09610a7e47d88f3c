import { z } from 'zod';
import { conjugateGradients } from '../host/conjugate-gradients.js';
import { defineHostOptimizer } from '../host/define-host-optimizer.js';
import { backtrack } from '../host/line-search.js';
import { nonNegative, positiveInteger } from '../hyperparameters.js';

/**
 * Line-search Newton–CG (Steihaug 1983; Nocedal & Wright 2006, algorithm 7.1): (H + γ I) p ≈ −g by conjugate gradients, until the residual is
 * min(½, √‖g‖) ‖g‖ or the curvature is not positive; the step is halved until the minibatch's loss falls enough.
 */
export default defineHostOptimizer({
  name: 'newton-cg',
  className: 'NewtonCG',
  description: 'truncated Newton steps by conjugate gradients, with a line search',
  hyperparameters: z.strictObject({
    iterations: positiveInteger().default(10).describe('products per step at most'),
    damping: nonNegative().default(1).describe('added to the diagonal of the Hessian γ'),
    tolerance: nonNegative().default(0.5).describe('residual, relative to the gradient, at which to stop'),
  }),
  profile: {
    group: 'second-order',
    gradients: 1,
    products: 10,
    losses: 14,
    atMost: true,
    memory: 0,
    tune: ['damping'],
  },
  rule: ({ iterations, damping, tolerance }) => ({
    step: async ({ parameters, minibatch, vectors, log }) => {
      const { loss, gradient } = await minibatch.gradient(parameters);
      const norm = await vectors.norm(gradient);
      const end = (Math.min(tolerance, Math.sqrt(norm)) * norm) ** 2;
      const { vector: direction } = await conjugateGradients(vectors, {
        apply: async (d) => vectors.combine([1, await minibatch.product(parameters, d)], [damping, d]),
        right: await vectors.combine([-1, gradient]),
        iterations,
        enough: (squares) => squares <= end,
      });
      const slope = await vectors.dot(gradient, direction);
      const from = { point: parameters, loss, slope, direction };
      const found = await backtrack({ minibatch, vectors }, from, { shrink: 0.5, part: 1e-4, smallest: 1e-4 });
      log('step_size', found?.size ?? 0);
      return { loss, parameters: found?.point ?? parameters };
    },
  }),
});
