import { HessianPosterior, type HessianPrior } from './hessian-posterior.js';
import { addCombination, dot, norm, scaled, type Vector } from './vector.js';

/** Minibatches by their number, each with a gradient and a Hessian of its own. */
export interface MinibatchSample {
  gradient(index: number): Promise<Vector>;
  product(index: number, vector: Vector): Promise<Vector>;
}

/** What phase 1 finds, and the noise that the same products show in the unit that the model has. */
export interface MeasuredPrior extends HessianPrior {
  /** λ² = Σ ‖(Hᵢ − H̄)ḡ‖² / ((n − 1) N ‖ḡ‖²). */
  readonly scatter: number;
  /** ḡ and H̄ḡ. */
  readonly direction: Vector;
  readonly product: Vector;
}

/**
 * α, w and λ as published (de Roos & Hennig 2019, §2.4), from the first n minibatches: a gradient and its product of each.
 * Then one product of the mean gradient with each of them, whose scatter is the noise.
 */
export async function measuredPrior(sample: MinibatchSample, n: number): Promise<MeasuredPrior> {
  let [gg, gHg, gHHg] = [0, 0, 0];
  let sum: Float64Array | null = null;
  for (let index = 0; index < n; index++) {
    const gradient = await sample.gradient(index);
    const product = await sample.product(index, gradient);
    gg += dot(gradient, gradient);
    gHg += dot(gradient, product);
    gHHg += dot(product, product);
    sum = plus(sum, gradient);
  }
  const total = sum ?? new Float64Array(0);
  const direction = scaled(total, 1 / n);
  let products: Float64Array | null = null;
  let squares = 0;
  for (let index = 0; index < n; index++) {
    const product = await sample.product(index, direction);
    squares += dot(product, product);
    products = plus(products, product);
  }
  const product = scaled(products ?? new Float64Array(0), 1 / n);
  const scatter = Math.max(0, squares - n * dot(product, product));
  return {
    alpha: gHg / gHHg,
    w: gHg / gg,
    lambda: Math.abs(gg - dot(total, total)) / n,
    scatter: Math.sqrt(scatter / ((n - 1) * total.length * dot(direction, direction))),
    direction,
    product,
  };
}

/** Phase 2: the mean gradient with its product, then m − 1 directions s = B̂⁻¹g, each on the next minibatch from `first` on. */
export async function observedPosterior(
  sample: MinibatchSample,
  prior: MeasuredPrior,
  { observations, first }: { readonly observations: number; readonly first: number },
): Promise<HessianPosterior> {
  const { alpha, w, lambda } = prior;
  const posterior = new HessianPosterior({ alpha, w, lambda });
  posterior.observe(prior.direction, prior.product);
  for (let index = first; index < first + observations - 1; index++) {
    const direction = posterior.solve(await sample.gradient(index));
    posterior.observe(direction, await sample.product(index, direction));
  }
  return posterior;
}

/** A curvature uᵀHv of a minibatch beside what a posterior expects of it. */
export interface CalibrationScore {
  /** (observed − expected) / √(deviation² + τ²). */
  readonly z: number;
  readonly observed: number;
  /** uᵀB̂v. */
  readonly expected: number;
  /** √Var(uᵀBv). */
  readonly deviation: number;
}

/** Scores of curvatures that a posterior has not seen. */
export interface CalibrationScores {
  /** Of vᵀBv along gradients v of fresh minibatches. */
  readonly along: readonly CalibrationScore[];
  /** Of uᵀBv, u the part of another gradient at a right angle to v. */
  readonly across: readonly CalibrationScore[];
}

/** Minibatches that `calibrationScores` uses. */
export const minibatchesOfChecks = (checks: number) => checks + 3;

/**
 * Compares posteriors with products of fresh minibatches, from `first` on. v is the gradient of one, of length 1, u that of
 * the next, made orthogonal to v; the products Hv are those of the second and the third after it. With τ² the variance
 * between these two, over all checks,
 *
 *     z = (uᵀHv − uᵀB̂v) / √(Var(uᵀBv) + τ²)
 *
 * is about N(0, 1) where the posterior is calibrated. One list for each posterior, for the first of the two products.
 */
export async function calibrationScores(
  sample: MinibatchSample,
  posteriors: readonly HessianPosterior[],
  { checks, first }: { readonly checks: number; readonly first: number },
): Promise<CalibrationScores[]> {
  const found: { readonly along: Seen; readonly across: Seen }[] = [];
  let next = await sample.gradient(first);
  for (let index = first; index < first + checks; index++) {
    const v = unit(next);
    next = await sample.gradient(index + 1);
    const u = unit(orthogonalTo(v, next));
    const products = [await sample.product(index + 2, v), await sample.product(index + 3, v)] as const;
    const of = (left: Vector): Seen => ({
      values: [dot(left, products[0]), dot(left, products[1])],
      expected: posteriors.map((posterior) => ({
        mean: posterior.mean({ u: left, v }),
        variance: posterior.variance({ u: left, v }),
      })),
    });
    found.push({ along: of(v), across: of(u) });
  }
  return posteriors.map((_, index) => ({
    along: scores(
      found.map(({ along }) => along),
      index,
    ),
    across: scores(
      found.map(({ across }) => across),
      index,
    ),
  }));
}

/** A curvature as two minibatches have it, and as each posterior expects it. */
interface Seen {
  readonly values: readonly [number, number];
  readonly expected: readonly { readonly mean: number; readonly variance: number }[];
}

function scores(seen: readonly Seen[], posterior: number): CalibrationScore[] {
  const noise = seen.reduce((sum, { values: [a, b] }) => sum + (a - b) ** 2, 0) / (2 * seen.length);
  return seen.map(({ values: [observed], expected }) => {
    const { mean = Number.NaN, variance = Number.NaN } = expected[posterior] ?? {};
    const z = (observed - mean) / Math.sqrt(variance + noise);
    return { z, observed, expected: mean, deviation: Math.sqrt(variance) };
  });
}

function unit(vector: Vector): Vector {
  return scaled(vector, 1 / norm(vector));
}

function orthogonalTo(v: Vector, vector: Vector): Float64Array {
  const part = dot(v, vector);
  const result = new Float64Array(vector);
  addCombination(result, [v], [-part]);
  return result;
}

function plus(sum: Float64Array | null, vector: Vector): Float64Array {
  if (sum === null) return new Float64Array(vector);
  addCombination(sum, [vector], [1]);
  return sum;
}
