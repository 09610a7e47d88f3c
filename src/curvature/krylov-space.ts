import { Matrix } from 'ml-matrix';
import { at } from '../expect.js';
import { symmetricEigen } from './symmetric-eigen.js';
import {
  addCombination,
  inPrecisionOf,
  norm,
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

/** A basis that grows by one product of a symmetric H at a time: plain data. */
export interface KrylovSpace {
  /** Orthonormal vectors; the last one is the direction of the next product. */
  readonly basis: readonly Vector[];
  /** For each product its components along the basis, then the length of what it had outside of it. */
  readonly columns: readonly (readonly number[])[];
  /** The largest length of a product: an estimate of ‖H‖. */
  readonly scale: number;
  /** Whether the basis spans an invariant space, or a product was not finite: there is no next direction. */
  readonly ended: boolean;
}

/** The basis ends where a remainder is not larger than so many rounding errors of ‖H‖. */
const NOTHING_LEFT = 64;

/** The space of a start vector, whose precision the basis has. Throws RangeError for one without a direction. */
export function krylovSpace(start: Vector): KrylovSpace {
  const length = norm(start);
  if (!(length > 0 && Number.isFinite(length))) {
    throw new RangeError(`lanczos: the start vector has length ${length}, expected a positive one`);
  }
  return { basis: [scaled(start, 1 / length)], columns: [], scale: 0, ended: false };
}

/** The space with the product of H with its last vector; what the product has outside becomes the next direction. */
export function withProduct({ basis, columns, scale: before }: KrylovSpace, product: Vector): KrylovSpace {
  const rest = new Float64Array(product);
  const { coefficients, remainder } = outsideOf(rest, basis);
  const scale = Math.max(before, Math.hypot(remainder, ...coefficients));
  const [like = product] = basis;
  if (!Number.isFinite(scale)) return { basis, columns: [...columns, coefficients], scale, ended: true };
  const ended = remainder <= NOTHING_LEFT * unitRoundoff(like) * scale;
  return {
    basis: ended ? basis : [...basis, inPrecisionOf(like, scaled(rest, 1 / remainder))],
    columns: [...columns, [...coefficients, ended ? 0 : remainder]],
    scale,
    ended,
  };
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
    coefficients[recent + index] = at(coefficients, recent + index) + value;
  }
  return { coefficients, remainder };
}

/** VᵀHV as the products gave it: tridiagonal up to rounding where H is one symmetric matrix, upper Hessenberg else. */
export function projectionOf({ columns }: KrylovSpace): Matrix {
  const count = columns.length;
  const projection = Matrix.zeros(count, count);
  for (const [column, entries] of columns.entries()) {
    for (const [row, entry] of entries.slice(0, count).entries()) projection.set(row, column, entry);
  }
  return projection;
}

/** Length of what the last product had outside of the basis; 0 where the basis spans an invariant space. */
export function remainderOf({ columns }: KrylovSpace): number {
  return columns.at(-1)?.[columns.length] ?? 0;
}

/**
 * Eigenpairs of the symmetric part of VᵀHV, the largest value first; none where a product was not finite.
 *
 * With H V = V P + r e_mᵀ and the eigenpairs (θ, s) of T = (P + Pᵀ)/2, the residual of y = V s is exactly
 * √(‖(P − T) s‖² + (‖r‖ s_m)²), also for products that are not quite symmetric.
 */
export function ritzPairs(space: KrylovSpace): RitzPair[] {
  const projection = projectionOf(space);
  const eigen = symmetricEigen(projection);
  const [first] = space.basis;
  if (eigen === null || first === undefined) return [];
  const remainder = remainderOf(space);
  const size = Math.max(...eigen.values.map(Math.abs));
  const asymmetry = Matrix.sub(projection, projection.transpose()).mul(0.5).mmul(eigen.vectors);
  const pairs = eigen.values.map((value, index): RitzPair => {
    const coordinates = eigen.vectors.getColumn(index);
    const outside = remainder * (coordinates.at(-1) ?? 0);
    const residual = Math.hypot(asymmetry.getColumnVector(index).norm(), outside) + unitRoundoff(first) * size;
    return { value, residual, weight: at(coordinates, 0) ** 2, coordinates };
  });
  return pairs.reverse();
}

/** The vector of a Ritz pair, in double precision. */
export function ritzVector({ basis }: Pick<KrylovSpace, 'basis'>, { coordinates }: RitzPair): Float64Array {
  const vector = new Float64Array(basis[0]?.length ?? 0);
  addCombination(vector, basis, coordinates);
  return vector;
}
