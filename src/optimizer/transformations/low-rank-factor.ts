import { at } from '../../expect.js';
import { add, divide, matmul, multiply, reshape, subtract, type Tensor } from '../../tensor/index.js';
import { eachOf, minus, plus, scaled } from '../tensor-lists.js';

/** Columns in the space of all parameters: for each parameter a matrix [its size, r]. */
export type Columns = readonly Tensor[];

/** Uᵀ V [r, r]. */
export function gram(u: Columns, v: Columns): Tensor {
  return u.map((x, index) => matmul(x, at(v, index), { transposeA: true })).reduce((sum, term) => add(sum, term));
}

/** Uᵀ a [r, 1]. */
export function coefficients(u: Columns, a: readonly Tensor[]): Tensor {
  return gram(
    u,
    a.map((x) => column(x)),
  );
}

/** U y for y [r, 1], in the parameters' shapes. */
export function combination(u: Columns, y: Tensor, shapes: readonly Tensor[]): Tensor[] {
  return u.map((x, index) => reshape(matmul(x, y), at(shapes, index).shape));
}

/** U T. */
export function mixed(u: Columns, t: Tensor): Columns {
  return u.map((x) => matmul(x, t));
}

/** U − c (a pᵀ − b qᵀ), p and q [r, 1]. */
export function corrected(
  u: Columns,
  c: Tensor,
  [a, p]: readonly [readonly Tensor[], Tensor],
  [b, q]: readonly [readonly Tensor[], Tensor],
): Columns {
  const outer = (x: Tensor, y: Tensor) => matmul(column(x), y, { transposeB: true });
  return u.map((x, index) => subtract(x, multiply(subtract(outer(at(a, index), p), outer(at(b, index), q)), c)));
}

function column(tensor: Tensor): Tensor {
  return reshape(tensor, [tensor.shape.reduce((size, length) => size * length, 1), 1]);
}

/** A preconditioner P = QᵀQ with Q = (I + U Vᵀ) diag(d), and M⁻¹ of M = I + VᵀU. */
export interface LowRankFactor {
  readonly u: Columns;
  readonly v: Columns;
  readonly d: readonly Tensor[];
}

/** (I + U Vᵀ) x. */
export function lifted(u: Columns, v: Columns, x: readonly Tensor[]): Tensor[] {
  return plus(x, combination(u, coefficients(v, x), x));
}

/** P x = diag(d) (I + V Uᵀ)(I + U Vᵀ) diag(d) x. */
export function preconditioned({ u, v, d }: LowRankFactor, x: readonly Tensor[]): Tensor[] {
  const inside = lifted(v, u, lifted(u, v, times(d, x)));
  return times(d, inside);
}

/** Q⁻ᵀ x = (I + V Uᵀ)⁻¹ diag(d)⁻¹ x; `inverse` is (I + VᵀU)⁻¹. */
export function inverseTransposed({ u, v, d }: LowRankFactor, inverse: Tensor, x: readonly Tensor[]): Tensor[] {
  const b = over(x, d);
  return minus(b, combination(v, matmul(inverse, coefficients(u, b), { transposeA: true }), b));
}

/** Q⁻¹ x = diag(d)⁻¹ (I + U Vᵀ)⁻¹ x. */
export function inverted({ u, v, d }: LowRankFactor, inverse: Tensor, x: readonly Tensor[]): Tensor[] {
  return over(minus(x, combination(u, matmul(inverse, coefficients(v, x)), x)), d);
}

/** a ∘ b. */
export function times(a: readonly Tensor[], b: readonly Tensor[]): Tensor[] {
  return eachOf([a, b], (x, y) => multiply(x, y));
}

function over(a: readonly Tensor[], b: readonly Tensor[]): Tensor[] {
  return eachOf([a, b], (x, y) => divide(x, y));
}

/** d − c w ∘ d. */
export function shrunk(d: readonly Tensor[], c: Tensor, w: readonly Tensor[]): Tensor[] {
  return minus(d, scaled(times(w, d), c));
}
