import { at } from '../expect.js';
import { type Estimate, estimateOf } from './trace.js';

/** Ritz values of one Lanczos run from a random start vector with their weights, which add up to 1. */
export interface Quadrature {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

/** A smoothed spectral density: the share of eigenvalues per unit of the axis. */
export interface SpectralDensity {
  readonly points: readonly number[];
  readonly density: readonly number[];
  /** Standard deviation σ of the Gaussian around each Ritz value: finer structure is not resolved. */
  readonly resolution: number;
}

/**
 * σ for m Ritz values over this range: neighbouring nodes of a Gaussian quadrature of m points lie so close that the density
 * between them falls by no more than a factor of 3 (Papyan 2018; curvlinops): σ = range / ((m − 1) √(8 ln 3)).
 */
export function defaultResolution(quadratures: readonly Quadrature[]): number {
  const [least, most] = rangeOf(quadratures);
  const nodes = Math.max(2, Math.min(...quadratures.map(({ values }) => values.length)));
  const range = most - least || Math.abs(most) || 1;
  return range / ((nodes - 1) * Math.sqrt(8 * Math.log(3)));
}

/**
 * Stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019):
 * φ(t) = 1/n Σ_v Σ_j τ²_vj N(t; θ_vj, σ²), each run normalised. The integral of f φ is exact, up to the probes' scatter, for
 * polynomials f of a degree up to 2m − 1.
 */
export function spectralDensity(
  quadratures: readonly Quadrature[],
  {
    resolution = defaultResolution(quadratures),
    points = 512,
  }: { readonly resolution?: number; readonly points?: number } = {},
): SpectralDensity {
  const [least, most] = rangeOf(quadratures);
  const [low, high] = [least - 4 * resolution, most + 4 * resolution];
  const axis = Array.from({ length: points }, (_, index) => low + ((high - low) * index) / (points - 1));
  const height = 1 / (resolution * Math.sqrt(2 * Math.PI) * quadratures.length);
  const density = axis.map((t) => {
    let sum = 0;
    for (const { values, weights } of quadratures) {
      for (const [index, value] of values.entries()) {
        sum += at(weights, index) * Math.exp(-0.5 * ((t - value) / resolution) ** 2);
      }
    }
    return sum * height;
  });
  return { points: axis, density, resolution };
}

/**
 * How many of `size` eigenvalues exceed a threshold: `size` times the weight above it, a mean over the probes with their
 * scatter. Of a few eigenvalues the scatter is as large as the number, because a probe sees each with a random weight.
 */
export function countAbove(quadratures: readonly Quadrature[], size: number, threshold: number): Estimate {
  return estimateOf(
    quadratures.map(({ values, weights }) =>
      values.reduce((count, value, index) => (value > threshold ? count + size * at(weights, index) : count), 0),
    ),
  );
}

function rangeOf(quadratures: readonly Quadrature[]): [number, number] {
  const all = quadratures.flatMap(({ values }) => values);
  return [Math.min(...all), Math.max(...all)];
}
