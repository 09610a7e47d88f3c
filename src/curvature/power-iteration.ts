import { ConfigurationError } from '../errors.js';
import { dot, norm, type Operator, scaled, type Vector } from './vector.js';

/** What power iteration found: the eigenvalue of largest modulus, if it converged. */
export interface PowerIteration {
  /** The Rayleigh quotient of the last vector. */
  readonly value: number;
  /** ‖Hv − value · v‖: some eigenvalue is at most this far away. */
  readonly residual: number;
  /** Whether the last two values differ by less than the tolerance. */
  readonly converged: boolean;
  readonly vector: Vector;
  readonly products: number;
}

/**
 * Power iteration v ← Hv / ‖Hv‖ until the Rayleigh quotient changes by less than `tolerance`, relatively. Where the largest
 * eigenvalue and the most negative one are nearly opposite, it converges to neither: the residual says so, and Lanczos'
 * method finds both.
 */
export async function powerIteration(
  operator: Operator,
  start: Vector,
  { maxProducts = 100, tolerance = 1e-3 }: { readonly maxProducts?: number; readonly tolerance?: number } = {},
): Promise<PowerIteration> {
  if (!(maxProducts >= 1))
    throw new ConfigurationError({ subject: 'maxProducts', found: String(maxProducts), expected: 'at least 1' });
  let vector = scaled(start, 1 / norm(start));
  let before = Number.NaN;
  for (let products = 1; ; products++) {
    const product = await operator(vector);
    const value = dot(vector, product);
    // ‖Hv − θv‖² = ‖Hv‖² − θ² for a unit vector v with θ = vᵀHv.
    const length = norm(product);
    const residual = Math.sqrt(Math.max(0, length * length - value * value));
    const converged = Math.abs(value - before) <= tolerance * Math.abs(value);
    if (converged || products >= maxProducts || !(length > 0 && Number.isFinite(length))) {
      return { value, residual, converged, vector, products };
    }
    vector = scaled(product, 1 / length);
    before = value;
  }
}
