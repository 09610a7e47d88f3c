import type { Vector, VectorAlgebra } from './vectors.js';

/** An iterate of conjugate gradients on φ(p) = ½ pᵀA p − bᵀp. */
export interface Iterate {
  readonly vector: Vector;
  readonly value: number;
}

/** A system A p = b and when to stop. */
export interface LinearSystem {
  readonly apply: (vector: Vector) => Promise<Vector>;
  readonly right: Vector;
  /** Default: zero. */
  readonly start?: Vector;
  readonly iterations: number;
  /** Asked before each iteration, with the squared norm of the residual and φ of the iterates so far. */
  readonly enough: (squares: number, values: readonly number[]) => boolean;
  /** Told each iterate, i = 1, 2, … */
  readonly visit?: (iterate: Iterate, i: number) => void;
}

/**
 * Conjugate gradients (Hestenes & Stiefel 1952), up to a direction of curvature that is not positive (Steihaug 1983): then the iterate so
 * far, or where there is none that direction.
 */
export async function conjugateGradients(v: VectorAlgebra, system: LinearSystem): Promise<Iterate> {
  const { apply, right, start, iterations, enough, visit } = system;
  let p = start ?? v.zeros();
  let r = start === undefined ? right : await v.combine([1, right], [-1, await apply(start)]);
  let d = r;
  let squares = await v.dot(r, r);
  // A p = b − r gives φ = −½ pᵀ(b + r).
  const currentValue = async () => -0.5 * ((await v.dot(p, right)) + (await v.dot(p, r)));
  let value = start === undefined ? 0 : await currentValue();
  const values = [value];
  for (let i = 1; i <= iterations && squares > 0 && !enough(squares, values); i++) {
    const ad = await apply(d);
    const length = squares / (await v.dot(d, ad));
    if (!(length > 0 && length < Infinity)) return { vector: i === 1 && start === undefined ? d : p, value };
    [p, r] = [await v.combine([1, p], [length, d]), await v.combine([1, r], [-length, ad])];
    const before = squares;
    squares = await v.dot(r, r);
    d = await v.combine([1, r], [squares / before, d]);
    value = await currentValue();
    values.push(value);
    visit?.({ vector: p, value }, i);
  }
  return { vector: p, value };
}
