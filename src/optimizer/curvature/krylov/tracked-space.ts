import { Matrix } from 'ml-matrix';
import {
  addCombination,
  dot,
  inPrecisionOf,
  norm,
  orthogonalise,
  scaled,
  symmetricEigen,
  type Vector,
} from '../../../curvature/index.js';
import { at } from '../../../expect.js';

/** Directions of a preconditioner that follow the Hessian: plain data. */
export interface TrackedSpace {
  /** U: orthonormal vectors. */
  readonly basis: readonly Vector[];
  /** σ of each, descending. */
  readonly values: readonly number[];
  /** For each the length of what the products had outside of U, minibatch noise included. */
  readonly residuals: readonly number[];
  /** Products of this sweep with the first vectors, each with the Hessian of another minibatch. */
  readonly products: readonly Vector[];
}

/** β: what a sweep counts beside all earlier ones. */
const NEWEST = 0.3;

/** The vector whose product is the next one. */
export function nextVector({ basis, products }: TrackedSpace): Vector {
  return at(basis, products.length);
}

/**
 * Takes one product y = H u of the next vector. With the last one of a sweep U and σ move: the values and vectors within the
 * span are those of (1 − β) diag(σ) + β sym(UᵀY), Rayleigh and Ritz with an exponential mean of the projected Hessian; then
 * each vector turns towards what its product had outside, u + β (I − UUᵀ) y/σ, a damped step of the block power method. The
 * damping is what averages over minibatches.
 */
export function withTrackedProduct(space: TrackedSpace, product: Vector): TrackedSpace {
  const products = [...space.products, product];
  if (products.length < space.basis.length) return { ...space, products };
  const { basis } = space;
  const inside = new Matrix(basis.map((u) => products.map((y) => dot(u, y))));
  const mean = Matrix.add(
    Matrix.diag([...space.values]).mul(1 - NEWEST),
    Matrix.add(inside, inside.transpose()).mul(NEWEST / 2),
  );
  const eigen = symmetricEigen(mean);
  // A product that is not finite says nothing: the sweep is passed over.
  if (eigen === null) return { ...space, products: [] };
  const values = eigen.values.toReversed();
  const moved: Vector[] = [];
  const residuals: number[] = [];
  for (const [index, value] of values.entries()) {
    const coordinates = eigen.vectors.getColumn(basis.length - 1 - index);
    const rest = combined(products, coordinates);
    orthogonalise(rest, basis);
    residuals.push(norm(rest));
    const vector = combined(basis, coordinates);
    if (value > 0) addCombination(vector, [rest], [NEWEST / value]);
    orthogonalise(vector, moved);
    moved.push(inPrecisionOf(at(basis, 0), scaled(vector, 1 / norm(vector))));
  }
  return { basis: moved, values, residuals, products: [] };
}

function combined(vectors: readonly Vector[], coefficients: readonly number[]): Float64Array {
  const result = new Float64Array(vectors[0]?.length ?? 0);
  addCombination(result, vectors, coefficients);
  return result;
}
