import { Matrix } from 'ml-matrix';
import { symmetricEigen } from './symmetric-eigen.js';
import {
  addCombination,
  norm,
  type Operator,
  type Orthogonalised,
  orthogonalise,
  scaled,
  takeAway,
  unitRoundoff,
  type Vector,
} from './vector.js';

/** An approximate eigenvalue θ with a unit vector y of which ‖Hy − θy‖ is known. */
export interface RitzPair {
  readonly value: number;
  /**
   * ‖Hy − θy‖: some eigenvalue of H is at most this far from the value. Rounding of the products is included as far as it
   * shows in their asymmetry, and of the stored vectors.
   */
  readonly residual: number;
  /** Square of y's component along the start vector: the weight of the value in Gaussian quadrature. */
  readonly weight: number;
  /** y in coordinates of the basis. */
  readonly coordinates: readonly number[];
}

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

/** The basis ends where a remainder is not larger than so many rounding errors of ‖H‖. */
const NOTHING_LEFT = 64;

/**
 * Lanczos' method with full reorthogonalisation from a start vector, whose precision the basis has: at most `steps` products,
 * fewer where the Krylov space ends before. Eigenvalues that occur several times are found once.
 *
 * With H V = V P + r e_mᵀ and the eigenpairs (θ, s) of T = (P + Pᵀ)/2, the residual of y = V s is exactly
 * √(‖(P − T) s‖² + (‖r‖ s_m)²), also for products that are not quite symmetric. An operator that changes between calls
 * (a new minibatch for each product) is welcome: then the residuals measure its noise, too.
 */
export async function lanczos(
  operator: Operator,
  start: Vector,
  { steps, enough }: LanczosOptions,
): Promise<LanczosResult> {
  const startLength = norm(start);
  if (!(startLength > 0 && Number.isFinite(startLength))) {
    throw new RangeError(`lanczos: the start vector has length ${startLength}, expected a positive one`);
  }
  const basis: Vector[] = [scaled(start, 1 / startLength)];
  const columns: number[][] = [];
  const most = Math.min(steps, start.length);
  let remainder = 0;
  let scale = 0;
  for (let step = 0; step < most; step++) {
    const product = new Float64Array(await operator(basis[step] ?? start));
    const { coefficients: column, remainder: length } = outsideOf(product, basis);
    remainder = length;
    columns.push(column);
    scale = Math.max(scale, Math.hypot(remainder, ...column));
    if (!Number.isFinite(scale)) break;
    if (remainder <= NOTHING_LEFT * unitRoundoff(start) * scale) {
      remainder = 0;
      break;
    }
    const asked = enough !== undefined && columns.length % ASKED_EVERY === 0;
    if (asked && enough(ritzPairs(columns, remainder, unitRoundoff(start)).pairs)) {
      column.push(remainder);
      break;
    }
    if (step + 1 < most) basis.push(inPrecisionOf(start, scaled(product, 1 / remainder)));
    column.push(remainder);
  }
  return { basis, remainder, products: columns.length, ...ritzPairs(columns, remainder, unitRoundoff(start)) };
}

/**
 * Orthogonalises a product in place. What belongs to the last two vectors goes first: of a symmetric H that is all but
 * rounding, and one pass over the whole basis is enough for the rest.
 */
function outsideOf(product: Float64Array, basis: readonly Vector[]): Orthogonalised {
  const recent = Math.max(0, basis.length - 2);
  const local = takeAway(product, basis.slice(recent));
  const { coefficients, remainder } = orthogonalise(product, basis);
  for (const [index, value] of local.entries()) {
    coefficients[recent + index] = (coefficients[recent + index] ?? 0) + value;
  }
  return { coefficients, remainder };
}

function inPrecisionOf(like: Vector, vector: Float64Array): Vector {
  return like instanceof Float64Array ? vector : new Float32Array(vector);
}

function ritzPairs(
  columns: readonly (readonly number[])[],
  remainder: number,
  roundoff: number,
): Pick<LanczosResult, 'projection' | 'pairs'> {
  const count = columns.length;
  const projection = Matrix.zeros(count, count);
  for (const [column, entries] of columns.entries()) {
    for (const [row, entry] of entries.slice(0, count).entries()) projection.set(row, column, entry);
  }
  const eigen = symmetricEigen(projection);
  if (eigen === null) return { projection, pairs: [] };
  const size = Math.max(...eigen.values.map(Math.abs));
  const asymmetry = Matrix.sub(projection, projection.transpose()).mul(0.5).mmul(eigen.vectors);
  const pairs = eigen.values.map((value, index): RitzPair => {
    const coordinates = eigen.vectors.getColumn(index);
    const outside = remainder * (coordinates.at(-1) ?? 0);
    const residual = Math.hypot(asymmetry.getColumnVector(index).norm(), outside) + roundoff * size;
    return { value, residual, weight: (coordinates[0] ?? 0) ** 2, coordinates };
  });
  return { projection, pairs: pairs.reverse() };
}

/** The vector of a Ritz pair, in double precision. */
export function ritzVector({ basis }: LanczosResult, { coordinates }: RitzPair): Float64Array {
  const vector = new Float64Array(basis[0]?.length ?? 0);
  addCombination(vector, basis, coordinates);
  return vector;
}
