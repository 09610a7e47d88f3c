import { defineHostOptimizer, z } from 'probprec';

/** p with (H + γI) p ≈ −g by conjugate gradients from 0, up to a direction of negative curvature (Steihaug 1983). */
async function newton({ parameters, minibatch, vectors: v }, gradient, { iterations, damping, tolerance }) {
  let [p, r, d, squares] = [v.zeros(), gradient, await v.combine([-1, gradient]), await v.dot(gradient, gradient)];
  const enough = squares * Math.min(tolerance ** 2, Math.sqrt(squares));
  for (let i = 0; i < iterations && squares > enough; i++) {
    const hd = await v.combine([1, await minibatch.product(parameters, d)], [damping, d]);
    const [before, step] = [squares, squares / (await v.dot(d, hd))];
    if (!(step > 0 && step < Infinity)) return i === 0 ? d : p;
    [p, r] = [await v.combine([1, p], [step, d]), await v.combine([1, r], [step, hd])];
    squares = await v.dot(r, r);
    d = await v.combine([-1, r], [squares / before, d]);
  }
  return p;
}

/** Newton-CG: truncated Newton steps with exact products, halved until the minibatch's loss falls enough (Armijo 1966). */
export default defineHostOptimizer({
  name: 'my-newton-cg',
  className: 'MyNewtonCG',
  description: 'Newton steps by conjugate gradients, with a line search',
  hyperparameters: z.strictObject({
    iterations: z.int().min(1).default(10).describe('products per step at most'),
    damping: z.number().min(0).default(1).describe('added to the diagonal of the Hessian'),
    tolerance: z.number().min(0).default(0.5).describe('residual, relative to the gradient, at which to stop'),
  }),
  rule: (hyperparameters) => ({
    step: async ({ parameters, minibatch, vectors }) => {
      const { loss, gradient } = await minibatch.gradient(parameters);
      const direction = await newton({ parameters, minibatch, vectors }, gradient, hyperparameters);
      const sufficient = 1e-4 * (await vectors.dot(gradient, direction));
      for (let size = 1; size > 1e-4; size /= 2) {
        const point = await vectors.combine([1, parameters], [size, direction]);
        if ((await minibatch.loss(point)) <= loss + size * sufficient) return { loss, parameters: point };
      }
      return { loss, parameters };
    },
  }),
});
