import { Matrix } from 'ml-matrix';
import type { PosteriorMean } from './estimators/estimator.js';
import type { GroupPrior } from './group-prior.js';
import type { CarriedColumns } from './posterior-state.js';

/**
 * What the posterior of a layer says of its gradient along s₀, the direction of the mean gradient, d away from where it was
 * estimated.
 */
export interface Expectation<T> {
  /** The columns of S. */
  readonly s: readonly T[];
  /** Which of them is s₀. */
  readonly place: number;
  /** ‖ḡ‖ of the layer, beside all layers': its share of u. */
  readonly share: number;
  /** f with s₀ᵀB̂d = fᵀSᵀd. */
  readonly change: readonly number[];
  /** C with dᵀVd = w² (‖d‖² − w² (Sᵀd)ᵀ C Sᵀd). */
  readonly weights: Matrix;
  readonly w: number;
}

/**
 * From B̂ = I/α + w² (Y − shift · S) C Sᵀ: s₀ᵀB̂d = s₀ᵀd/α + w² ((Y − shift · S)ᵀs₀)ᵀ C Sᵀd, inner products that phase 2
 * has. `length`: ‖ḡ‖ of the layer; `place`: the column of s₀.
 */
export function expectationOf<T>(
  { s, observations: { ss, sy } }: Pick<CarriedColumns, 'observations'> & { readonly s: readonly T[] },
  { shift, weights }: PosteriorMean,
  { alpha, w }: GroupPrior,
  { length, place }: { readonly length: number; readonly place: number },
): Expectation<T> {
  const first = Matrix.sub(sy.getRowVector(place), Matrix.mul(ss.getRowVector(place), shift));
  const change = first
    .mmul(weights)
    .mul(w ** 2)
    .getRow(0);
  return {
    s,
    place,
    share: length,
    change: change.map((value, index) => (index === place ? value + 1 / alpha : value)),
    weights,
    w,
  };
}

/** What a minibatch measures of a layer: Sᵀd, ‖d‖² and s₀ᵀv. */
export interface MeasuredDeparture {
  readonly along: readonly number[];
  readonly squared: number;
  readonly gradient: number;
}

/**
 * Along u, the unit vector of the mean gradient: the gradient, by how much the posterior expects it to have changed, and how
 * certainly.
 */
export interface Departure {
  /** uᵀv. */
  readonly gradient: number;
  /** uᵀB̂d. */
  readonly expected: number;
  /** √Var(uᵀBd). */
  readonly deviation: number;
}

/** Sums over the layers that have a posterior; u has their shares. */
export function departureOf(
  expectations: readonly (Expectation<unknown> | null)[],
  measured: readonly MeasuredDeparture[],
): Departure {
  const length = Math.hypot(...expectations.map((own) => own?.share ?? 0));
  let [gradient, expected, variance] = [0, 0, 0];
  for (const [index, own] of expectations.entries()) {
    const found = measured[index];
    if (own === null || found === undefined || length === 0) continue;
    const share = own.share / length;
    const along = own.change.map((_, column) => found.along[column] ?? Number.NaN);
    gradient += share * found.gradient;
    expected += share * along.reduce((sum, value, column) => sum + value * (own.change[column] ?? Number.NaN), 0);
    const known = Matrix.rowVector(along).mmul(own.weights).mmul(Matrix.columnVector(along)).get(0, 0);
    variance += share ** 2 * own.w ** 2 * Math.max(0, found.squared - own.w ** 2 * known);
  }
  return { gradient, expected, deviation: Math.sqrt(variance) };
}
