import type { RandomStream } from '../random/index.js';
import { ritzVector } from './krylov-space.js';
import { type LanczosResult, lanczos } from './lanczos.js';
import { type Outliers, outliersByGap } from './outliers.js';
import { countAbove, type Quadrature } from './spectral-density.js';
import { type Estimate, estimateOf, hutchPlusPlus } from './trace.js';
import { dot, type Operator, rademacher, type Vector } from './vector.js';

/** How a spectrum is measured. */
export interface SpectrumOptions {
  /** Largest eigenvalues to report. */
  readonly top: number;
  /** Lanczos steps for each probe. */
  readonly steps: number;
  /** Lanczos runs from independent start vectors; the first one gives the eigenvalues. */
  readonly probes: number;
  /** Probes for trace and Frobenius norm, those of the Lanczos runs included. */
  readonly traceProbes: number;
  /** Hutch++ for the trace, with as many products as there are further probes; needs at least four. */
  readonly hutchPlusPlus?: boolean;
  /** A Ritz value counts as an eigenvalue when its residual is at most this part of the largest modulus. */
  readonly tolerance: number;
  /** Where the probes come from. */
  readonly stream: RandomStream;
}

/** A Ritz value, and whether it may be called an eigenvalue. */
export interface Eigenvalue {
  readonly value: number;
  /** Some eigenvalue is at most this far away. */
  readonly residual: number;
  readonly converged: boolean;
}

/** What products with random and chosen vectors say about a symmetric matrix. */
export interface Spectrum {
  readonly size: number;
  /** The largest, descending; from the first one that is not converged on they are approximations. */
  readonly largest: readonly Eigenvalue[];
  /** The most negative one, or the smallest of a positive matrix. */
  readonly smallest: Eigenvalue;
  readonly trace: Estimate;
  readonly squaredFrobenius: Estimate;
  /** tr² / ‖H‖²_F: how many equal eigenvalues would give both. */
  readonly effectiveRank: number;
  /** How many eigenvalues exceed these parts of the largest one. */
  readonly above: readonly { readonly fraction: number; readonly count: Estimate }[];
  readonly outliers: Outliers | null;
  readonly quadratures: readonly Quadrature[];
  readonly products: number;
}

/** A spectrum with the directions behind its largest values. */
export interface MeasuredSpectrum {
  readonly spectrum: Spectrum;
  /** Unit vectors of the converged largest eigenvalues, in their order; at most `count`. */
  topVectors(count: number): Float64Array[];
}

/** Parts of λ₁ at which eigenvalues are counted. */
const FRACTIONS = [0.1, 0.01, 0.001];

/**
 * Measures the spectrum of an operator of `size` rows: Lanczos' method from each probe, whose first product gives its part
 * of Hutchinson's estimators for nothing, and further products for those.
 */
export async function measureSpectrum(
  operator: Operator,
  size: number,
  options: SpectrumOptions,
): Promise<MeasuredSpectrum> {
  const { top, steps, probes, traceProbes, stream, tolerance } = options;
  const traces: number[] = [];
  const squares: number[] = [];
  const quadratures: Quadrature[] = [];
  let first: LanczosResult | null = null;
  let products = 0;
  for (let probe = 0; probe < probes; probe++) {
    const result = await lanczos(operator, rademacher(stream.child(probe), size), { steps });
    products += result.products;
    quadratures.push({
      values: result.pairs.map(({ value }) => value),
      weights: result.pairs.map(({ weight }) => weight),
    });
    // Of z = √N v₁: zᵀHz = N P₁₁, and ‖Hz‖² = N (P₁₁² + ‖what is left of Hv₁‖²).
    const [diagonal, below] = firstColumn(result);
    traces.push(size * diagonal);
    squares.push(size * (diagonal ** 2 + below ** 2));
    first ??= result;
  }
  if (first === null) throw new RangeError('found no probes, expected at least one');
  const further = Math.max(0, traceProbes - probes);
  const draw = (index: number): Vector => rademacher(stream.child(probes + index), size);
  let trace: Estimate | null = null;
  if (options.hutchPlusPlus === true && further >= 4) {
    let drawn = 0;
    const found = await hutchPlusPlus(operator, () => draw(drawn++), { products: further });
    trace = found.trace;
    products += found.products;
  } else {
    for (let index = 0; index < further; index++) {
      const probe = draw(index);
      const product = await operator(probe);
      traces.push(dot(probe, product));
      squares.push(dot(product, product));
      products += 1;
    }
  }
  const spectrum = summarised(first, quadratures, size, { top, tolerance });
  trace ??= estimateOf(traces);
  const squaredFrobenius = estimateOf(squares);
  const vectorsOf = first;
  return {
    spectrum: {
      ...spectrum,
      trace,
      squaredFrobenius,
      effectiveRank: trace.value ** 2 / squaredFrobenius.value,
      products,
    },
    topVectors: (count) => {
      const converged = spectrum.largest.findIndex((eigenvalue) => !eigenvalue.converged);
      const usable = converged < 0 ? spectrum.largest.length : converged;
      return vectorsOf.pairs.slice(0, Math.min(count, usable)).map((pair) => ritzVector(vectorsOf, pair));
    },
  };
}

function firstColumn({ projection, remainder }: LanczosResult): [diagonal: number, below: number] {
  return [projection.get(0, 0), projection.rows > 1 ? projection.get(1, 0) : remainder];
}

function summarised(
  { pairs }: LanczosResult,
  quadratures: readonly Quadrature[],
  size: number,
  { top, tolerance }: { readonly top: number; readonly tolerance: number },
): Pick<Spectrum, 'size' | 'largest' | 'smallest' | 'above' | 'outliers' | 'quadratures'> {
  const largestModulus = Math.max(...pairs.map(({ value }) => Math.abs(value)));
  const eigenvalues = pairs.map(({ value, residual }) => ({
    value,
    residual,
    converged: residual <= tolerance * largestModulus,
  }));
  const [leading] = eigenvalues;
  const smallest = eigenvalues.at(-1);
  if (leading === undefined || smallest === undefined) throw new RangeError('found products that are not finite');
  const largest = eigenvalues.slice(0, top);
  const notConverged = eigenvalues.findIndex(({ converged }) => !converged);
  const positive = eigenvalues.slice(0, top + 1).map(({ value }) => value);
  return {
    size,
    largest,
    smallest,
    above: FRACTIONS.map((fraction) => ({
      fraction,
      count: countAbove(quadratures, size, fraction * leading.value),
    })),
    outliers: outliersByGap(positive, Math.min(top, notConverged < 0 ? positive.length : notConverged)),
    quadratures,
  };
}
