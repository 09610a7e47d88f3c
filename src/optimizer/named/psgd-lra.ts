import { z } from 'zod';
import { at, exactly } from '../../expect.js';
import {
  abs,
  add,
  constant,
  matmul,
  maximum,
  maxPool2d,
  minimum,
  multiply,
  reshape,
  sizeOf,
  sqrt,
  square,
  type Tensor,
} from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import type { HostFunction } from '../host-function.js';
import { fraction, learningRate, nonNegative, positive, positiveInteger } from '../hyperparameters.js';
import { invert, Matrix } from '../linear-algebra.js';
import { averaged, minus, plus, quotient, scaled, squaredNorm, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';
import {
  type Columns,
  coefficients,
  combination,
  corrected,
  gram,
  inverseTransposed,
  inverted,
  lifted,
  mixed,
  preconditioned,
  shrunk,
  times,
} from '../transformations/low-rank-factor.js';

/** The bounds ℓ of the norms of the corrections of d, U and V. */
type Bounds = { readonly d: Tensor; readonly u: Tensor; readonly v: Tensor };

/** The largest magnitude among all numbers. */
function largest(tensors: readonly Tensor[]): Tensor {
  return tensors
    .map((tensor) => {
      const n = sizeOf(tensor.shape);
      const row = reshape(abs(tensor), [1, 1, 1, n]);
      return reshape(maxPool2d(row, { window: [1, n], stride: [1, 1], padding: [0, 0, 0, 0] }), []);
    })
    .reduce((a, b) => maximum(a, b));
}

/**
 * From UᵀU, VᵀV and VᵀU what balances the factors, U ← U T and V ← V S: both get one norm, and a small rotation brings their Gram matrices
 * together. And M = I + VᵀU with its inverse, after that.
 */
const balance: HostFunction = (given) => {
  const matrices = given.map((matrix) => (matrix instanceof Matrix ? matrix : Matrix.zeros(1, 1)));
  const [a, b, c] = exactly(matrices, 3);
  const identity = Matrix.eye(a.rows);
  if (![a, b, c].every((matrix) => matrix.to1DArray().every(Number.isFinite))) {
    const unknown = Matrix.zeros(a.rows, a.rows).fill(Number.NaN);
    return [unknown, unknown, unknown, unknown];
  }
  const rho = (a.trace() / b.trace()) ** 0.25;
  const [left, right] = [Matrix.div(a, rho ** 2), Matrix.mul(b, rho ** 2)];
  const e = Matrix.mul(Matrix.sub(left, right), 0.1 / (left.trace() + right.trace()));
  const half = Matrix.mul(e.mmul(e), 0.5);
  const t = Matrix.div(Matrix.sub(identity, Matrix.sub(e, half)), rho);
  const s = Matrix.mul(Matrix.add(identity, Matrix.add(e, half)), rho);
  const m = Matrix.add(identity, s.transpose().mmul(c).mmul(t));
  return [t, s, m, invert(m)];
};

/**
 * PSGD with a low-rank approximation and the Newton criterion (Li 2018; Li 2022): P = QᵀQ with Q = (I + U Vᵀ) diag(d) minimises
 * E[hᵀPh + vᵀP⁻¹v], h = H v, v ~ N(0, I), so that P = |H|⁻¹ in the end; θ ← θ − η P g. With a = Q h, b = Q⁻ᵀ v:
 * d ← d − (μ/ℓ)(Ph ∘ h − v ∘ P⁻¹v) ∘ d; in odd steps U ← U − (μ/ℓ)(a aᵀ − b bᵀ) V M, in even ones V ← V − (μ/ℓ)(I + V Uᵀ)(a aᵀ − b bᵀ) U, M = I + VᵀU
 * (the reference draws which one). ℓ are running bounds of the norms of what stands behind them.
 */
export default defineOptimizer({
  name: 'psgd-lra',
  className: 'PSGDLRA',
  description: 'SGD preconditioned by a low-rank inverse of the Hessian, fitted on products with it',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.01),
    rank: positiveInteger().default(10).describe('columns of the low-rank part'),
    lr_preconditioner: positive().default(0.1).describe('step size μ of the preconditioner'),
    beta_bound: fraction().default(0.9).describe('decay of the bounds ℓ'),
    damping: nonNegative().default(1e-9).describe('multiple of v that is added to h'),
    momentum: fraction().default(0).describe('decay of the average of gradients that is preconditioned'),
    max_norm: positive().nullable().default(null).describe('largest norm of a preconditioned gradient; default: none'),
    probe: z.enum(['normal', 'rademacher']).default('normal').describe('distribution of v'),
  }),
  profile: { group: 'second-order', gradients: 1, products: 1, memory: 21, tune: ['lr'] },
  transformation: ({ lr, rank, lr_preconditioner, beta_bound, damping, momentum, max_norm, probe }) =>
    stateful({
      init: (parameters, { random }) => {
        const total = parameters.reduce((size, { shape }) => size + sizeOf(shape), 0);
        const start = (name: string) =>
          parameters.map(({ shape }) =>
            multiply(random(name, 'normal', [sizeOf(shape), rank]), 1 / Math.sqrt(total * (rank + 10))),
          );
        const bounds: Bounds = { d: constant(0), u: constant(0), v: constant(0) };
        return {
          u: start('U') as Columns,
          v: start('V') as Columns,
          d: zerosLike(parameters) as readonly Tensor[],
          bounds,
          average: momentum === 0 ? [] : zerosLike(parameters),
        };
      },
      update: (gradients, { state, parameters, random, hessianVectorProduct, onHost, when, scalar, log }) => {
        const vector = parameters.map(({ shape }) => random('probe', probe, shape));
        const h = plus(hessianVectorProduct(vector), scaled(vector, damping));
        const count = parameters.reduce((size, { shape }) => size + sizeOf(shape), 0);
        const fourth = (x: readonly Tensor[]) => multiply(squaredNorm(x.map(square)), 1 / count);
        const first = () => {
          const size = quotient(sqrt(sqrt(multiply(squaredNorm(vector), 1 / count))), sqrt(sqrt(sqrt(fourth(h)))));
          return parameters.map(({ shape }) => add(constant(0, shape), size));
        };
        const d = when((t) => t === 1) ? first() : state.d;
        const shape = [rank, rank];
        const small = onHost(
          [gram(state.u, state.u), gram(state.v, state.v), gram(state.v, state.u)],
          [shape, shape, shape, shape],
          balance,
        );
        const [t, s, m, inverse] = [at(small, 0), at(small, 1), at(small, 2), at(small, 3)];
        const factor = { u: mixed(state.u, t), v: mixed(state.v, s), d };
        const { u, v } = factor;
        const a = lifted(u, v, times(d, h));
        const ph = times(d, lifted(v, u, a));
        const b = inverseTransposed(factor, inverse, vector);
        const ip = inverted(factor, inverse, b);
        const bound = (old: Tensor, found: Tensor) =>
          maximum(add(multiply(old, beta_bound), multiply(found, 1 - beta_bound)), found);
        const rate = (of: Tensor) => quotient(constant(lr_preconditioner), of);
        const before = state.bounds;
        const nextD = bound(before.d, add(largest(times(ph, h)), largest(times(vector, ip))));
        const newD = shrunk(d, rate(nextD), minus(times(ph, h), times(vector, ip)));
        const norm = (x: readonly Tensor[]) => sqrt(squaredNorm(x));
        const through = (w: typeof u, x: readonly Tensor[]) => combination(w, coefficients(w, x), x);
        const reach = (w: typeof u) =>
          add(multiply(norm(a), norm(through(w, a))), multiply(norm(b), norm(through(w, b))));
        const next: { u: Columns; v: Columns; d: readonly Tensor[]; bounds: Bounds } = {
          u,
          v,
          d: newD,
          bounds: { ...before, d: nextD },
        };
        if (when((step) => step % 2 === 1)) {
          const found = bound(before.u, reach(v));
          const along = (x: readonly Tensor[]) => matmul(m, coefficients(v, x), { transposeA: true });
          next.u = corrected(u, rate(found), [a, along(a)], [b, along(b)]);
          next.bounds = { ...before, d: nextD, u: found };
        } else {
          const found = bound(before.v, reach(u));
          const pair = (x: readonly Tensor[]) => [lifted(v, u, x), coefficients(u, x)] as const;
          next.v = corrected(v, rate(found), pair(a), pair(b));
          next.bounds = { ...before, d: nextD, v: found };
        }
        const average = momentum === 0 ? [] : averaged(state.average, gradients, momentum);
        const mean =
          momentum === 0
            ? gradients
            : scaled(
                average,
                scalar((step) => 1 / (1 - momentum ** step)),
              );
        const step = preconditioned(next, mean);
        const length = norm(step);
        log('preconditioned_norm', length);
        const clipped = max_norm === null ? step : scaled(step, minimum(quotient(constant(max_norm), length), 1));
        return { updates: scaled(clipped, multiply(lr, -1)), state: { ...next, average } };
      },
    }),
});
