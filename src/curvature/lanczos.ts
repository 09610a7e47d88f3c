import type { Matrix } from 'ml-matrix';
import { krylovSpace, projectionOf, type RitzPair, remainderOf, ritzPairs, withProduct } from './krylov-space.js';
import type { Operator, Vector } from './vector.js';

/** What some steps of Lanczos' method found. */
export interface LanczosResult {
  /** Orthonormal vectors, the first the direction of the start vector. */
  readonly basis: readonly Vector[];
  /** VᵀHV as the products gave it: tridiagonal up to rounding where H is one symmetric matrix, upper Hessenberg else. */
  readonly projection: Matrix;
  /** Length of what the last product had outside of the basis; 0 where the basis spans an invariant space. */
  readonly remainder: number;
  /** Eigenpairs of the symmetric part of VᵀHV, the largest value first. */
  readonly pairs: readonly RitzPair[];
  readonly products: number;
}

/** How long Lanczos' method goes on. */
export interface LanczosOptions {
  /** Products at most. */
  readonly steps: number;
  /** Asked after every {@link ASKED_EVERY} steps: true ends it. */
  readonly enough?: (pairs: readonly RitzPair[]) => boolean;
}

/** Steps between two questions whether the pairs are good enough. */
const ASKED_EVERY = 5;

/**
 * Lanczos' method with full reorthogonalisation from a start vector, whose precision the basis has: at most `steps` products,
 * fewer where the Krylov space ends before. Eigenvalues that occur several times are found once. An operator that changes
 * between calls (a new minibatch for each product) is welcome: then the residuals measure its noise, too.
 */
export async function lanczos(
  operator: Operator,
  start: Vector,
  { steps, enough }: LanczosOptions,
): Promise<LanczosResult> {
  let space = krylovSpace(start);
  const most = Math.min(steps, start.length);
  for (let step = 0; step < most && !space.ended; step++) {
    space = withProduct(space, await operator(space.basis[step] ?? start));
    const asked = enough !== undefined && space.columns.length % ASKED_EVERY === 0;
    if (asked && !space.ended && enough(ritzPairs(space))) break;
  }
  const products = space.columns.length;
  return {
    basis: space.basis.slice(0, products),
    projection: projectionOf(space),
    remainder: remainderOf(space),
    pairs: ritzPairs(space),
    products,
  };
}
