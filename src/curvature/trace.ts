import { ConfigurationError } from '../errors.js';
import { dot, norm, type Operator, orthogonalise, scaled, takeAway, type Vector } from './vector.js';

/** A mean over independent random probes. */
export interface Estimate {
  readonly value: number;
  /** Standard error of the value; null of a single probe. */
  readonly standardError: number | null;
  /** Of the standard error: probes − 1. */
  readonly degreesOfFreedom: number;
}

/** Estimates that cost the same products. */
export interface TraceEstimate {
  readonly trace: Estimate;
  /** ‖H‖²_F; null where the method does not give it. */
  readonly squaredFrobenius: Estimate | null;
  readonly products: number;
}

/** Mean and standard error of independent values. Throws a RangeError of none. */
export function estimateOf(values: readonly number[]): Estimate {
  if (values.length === 0) throw new RangeError('found no probes, expected at least one');
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const degreesOfFreedom = values.length - 1;
  const standardError = degreesOfFreedom === 0 ? null : Math.sqrt(squares / degreesOfFreedom / values.length);
  return { value: mean, standardError, degreesOfFreedom };
}

/**
 * Hutchinson's estimator (1990): tr H ≈ mean of zᵀHz and ‖H‖²_F ≈ mean of ‖Hz‖² over probes with independent entries of mean
 * 0 and variance 1. With signs (Rademacher) the variance of zᵀHz is 2 Σ_{i≠j} Hᵢⱼ².
 */
export async function hutchinson(operator: Operator, probes: Iterable<Vector>): Promise<TraceEstimate> {
  const [traces, squares]: [number[], number[]] = [[], []];
  for (const probe of probes) {
    const product = await operator(probe);
    traces.push(dot(probe, product));
    squares.push(dot(product, product));
  }
  return { trace: estimateOf(traces), squaredFrobenius: estimateOf(squares), products: traces.length };
}

/**
 * Hutch++ (Meyer, Musco, Musco & Woodruff 2021) with about `products` products: a third of them sketches the range of H, a
 * third gives the trace in that space exactly, and Hutchinson's estimator with the rest of the probes the trace outside of
 * it. Best where few eigenvalues dominate. The standard error is that of the last part; the sketch has no influence on the
 * mean. `probe` draws a new one.
 */
export async function hutchPlusPlus(
  operator: Operator,
  probe: () => Vector,
  { products }: { readonly products: number },
): Promise<TraceEstimate> {
  if (!(Number.isInteger(products) && products >= 4)) {
    throw new ConfigurationError({
      subject: 'Hutch++',
      found: `${products} products`,
      expected: 'a whole number of at least 4',
    });
  }
  const sketches = Math.min(Math.floor(products / 3), probe().length);
  const basis: Float64Array[] = [];
  for (let index = 0; index < sketches; index++) {
    const column = new Float64Array(await operator(probe()));
    const before = norm(column);
    const { remainder } = orthogonalise(column, basis);
    // A column inside of the others adds nothing to the space.
    if (remainder > 1e-6 * before) basis.push(scaled(column, 1 / remainder));
  }
  let inside = 0;
  for (const vector of basis) inside += dot(vector, await operator(vector));
  const used = sketches + basis.length;
  const outside: number[] = [];
  while (used + outside.length < products) {
    const rest = new Float64Array(probe());
    takeAway(rest, basis);
    outside.push(dot(rest, await operator(rest)));
  }
  const { value, ...error } = estimateOf(outside);
  return { trace: { value: inside + value, ...error }, squaredFrobenius: null, products };
}
