import { z } from 'zod';
import { at } from '../../expect.js';
import { defineHostOptimizer } from '../host/define-host-optimizer.js';
import type { Vector, VectorAlgebra } from '../host/vectors.js';
import { learningRate, positive, positiveInteger } from '../hyperparameters.js';
import { eigen, Matrix } from '../linear-algebra.js';

/** Dampings of which the paper takes the one with the smallest loss in each step. */
const DAMPINGS = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6];

/** An orthonormal basis of the Krylov space of g, and the Hessian in it. */
async function lanczos(
  v: VectorAlgebra,
  gradient: Vector,
  dimension: number,
  product: (vector: Vector) => Promise<Vector>,
) {
  const norm = await v.norm(gradient);
  const basis = [await v.combine([1 / norm, gradient])];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  while (norm > 0) {
    const last = at(basis, basis.length - 1);
    let next = await product(last);
    if (basis.length === dimension) {
      diagonal.push(await v.dot(last, next));
      break;
    }
    // Against all of the basis, as rounding undoes the three-term recurrence; once more where little is left (Daniel et al. 1976).
    let length = await v.norm(next);
    let before = Infinity;
    const whole = length;
    let own = 0;
    while (length < 0.1 * before) {
      const parts = await v.dots(basis, next);
      next = await v.combine([1, next], ...basis.map((vector, i) => [-at(parts, i), vector] as const));
      own += at(parts, parts.length - 1);
      before = length;
      length = await v.norm(next);
    }
    diagonal.push(own);
    if (!(length > 1e-6 * whole)) break;
    beside.push(length);
    basis.push(await v.combine([1 / length, next]));
  }
  const n = diagonal.length;
  const projected = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) {
    projected.set(i, i, at(diagonal, i));
    if (i + 1 < n) projected.set(i, i + 1, at(beside, i)).set(i + 1, i, at(beside, i));
  }
  return { basis, projected, norm };
}

/**
 * Saddle-free Newton (Dauphin et al. 2014, algorithm 1): with the Lanczos basis V of k vectors from the gradient on and VᵀHV = Q Λ Qᵀ,
 * θ ← θ − η V Q (|Λ| + γ I)⁻¹ Qᵀ Vᵀ g: down along directions of negative curvature, too. γ is that of 10⁰ … 10⁻⁶ with the smallest loss.
 */
export default defineHostOptimizer({
  name: 'saddle-free-newton',
  className: 'SaddleFreeNewton',
  description: 'Newton steps in a Krylov space with the absolute values of curvatures',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1),
    dimension: positiveInteger().default(20).describe('products per step at most, k'),
    damping: positive()
      .nullable()
      .default(null)
      .describe('damping γ; default: the best of 1, 0.1, … 1e-6 in each step'),
  }),
  profile: { group: 'second-order', gradients: 1, products: 20, losses: 7, atMost: true, memory: 0, tune: ['lr'] },
  rule: ({ dimension, damping }) => ({
    step: async ({ parameters, minibatch, vectors: v, learningRate, log }) => {
      const { loss, gradient } = await minibatch.gradient(parameters);
      const product = (vector: Vector) => minibatch.product(parameters, vector);
      const { basis, projected, norm } = await lanczos(v, gradient, dimension, product);
      if (!projected.to1DArray().every(Number.isFinite) || projected.rows === 0) {
        // Nothing to do where the gradient is zero; NaN goes on as NaN.
        return { loss, parameters: norm === 0 ? parameters : await v.combine([Number.NaN, parameters]) };
      }
      const { values, vectors } = eigen(projected);
      const pointWith = (gamma: number) => {
        const inside = values.map((value, j) => (norm * vectors.get(0, j)) / (Math.abs(value) + gamma));
        const terms = basis.slice(0, projected.rows).map((vector, i) => {
          const coefficient = inside.reduce((sum, number, j) => sum + vectors.get(i, j) * number, 0);
          return [-(learningRate ?? 1) * coefficient, vector] as const;
        });
        return v.combine([1, parameters], ...terms);
      };
      if (damping !== null) return { loss, parameters: await pointWith(damping) };
      let best = { gamma: Number.NaN, loss: Infinity, point: parameters };
      for (const gamma of DAMPINGS) {
        const point = await pointWith(gamma);
        const there = await minibatch.loss(point);
        if (there < best.loss) best = { gamma, loss: there, point };
      }
      log('damping', best.gamma);
      return { loss, parameters: best.point };
    },
  }),
});
