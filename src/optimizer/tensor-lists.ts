import { at } from '../expect.js';
import {
  abs,
  add,
  divide,
  dot,
  greater,
  multiply,
  type Operand,
  select,
  subtract,
  sum,
  type Tensor,
  zeros,
} from '../tensor/index.js';

/**
 * Lists with one tensor for each parameter, seen as one vector in the space of all parameters. What takes two lists takes
 * them in the same order.
 */

/** f of the tensors at each place. */
export function eachOf<T extends readonly (readonly Tensor[])[]>(
  lists: T,
  f: (...tensors: { readonly [K in keyof T]: Tensor }) => Tensor,
): Tensor[] {
  const [first = []] = lists;
  return first.map((_, index) => f(...(lists.map((list) => at(list, index)) as { [K in keyof T]: Tensor })));
}

/** Zeros of the tensors' shapes. */
export function zerosLike(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map(({ shape }) => zeros(shape));
}

/** c v. */
export function scaled(v: readonly Tensor[], c: Operand): Tensor[] {
  return v.map((tensor) => multiply(tensor, c));
}

/** a + b. */
export function plus(a: readonly Tensor[], b: readonly Tensor[]): Tensor[] {
  return eachOf([a, b], (x, y) => add(x, y));
}

/** a − b. */
export function minus(a: readonly Tensor[], b: readonly Tensor[]): Tensor[] {
  return eachOf([a, b], (x, y) => subtract(x, y));
}

/** a + c (b − a): the part c of the way from a to b. */
export function towards(a: readonly Tensor[], b: readonly Tensor[], c: Operand): Tensor[] {
  return eachOf([a, b], (x, y) => add(x, multiply(subtract(y, x), c)));
}

/** β m + (1 − β) x: an exponential average that x has entered. */
export function averaged(m: readonly Tensor[], x: readonly Tensor[], beta: number): Tensor[] {
  return eachOf([m, x], (old, next) => add(multiply(old, beta), multiply(next, 1 - beta)));
}

/** The scalar product aᵀb over all parameters. */
export function innerProduct(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return total(a.map((x, index) => dot(x, at(b, index))));
}

/** ‖v‖² over all parameters. */
export function squaredNorm(v: readonly Tensor[]): Tensor {
  return innerProduct(v, v);
}

/** ‖v‖₁ over all parameters. */
export function oneNorm(v: readonly Tensor[]): Tensor {
  return total(v.map((x) => sum(abs(x))));
}

/** a / b for scalars, 0 where b = 0: norms in b are zero before anything has happened. */
export function quotient(a: Tensor, b: Tensor): Tensor {
  const known = greater(b, 0);
  return select(known, divide(a, select(known, b, 1)), 0);
}

/** The sum of scalars. */
function total(scalars: readonly Tensor[]): Tensor {
  return scalars.reduce((sum, term) => add(sum, term));
}
