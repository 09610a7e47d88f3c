import {
  dot,
  estimateOf,
  hutchinson,
  norm,
  type RitzPair,
  rademacher,
  ritzVector,
  shareAlong,
  stepSize,
  type Vector,
} from '../../curvature/index.js';
import type { QuantityName } from './names.js';
import type { ObservedPoint } from './observed-point.js';

/** Numbers by name; null where one cannot be said. */
export type ObservedValues = Readonly<Record<string, number | null>>;

/** How each quantity is measured at a point. Products are those of the minibatch that training takes next. */
export const quantities: Readonly<Record<QuantityName, (point: ObservedPoint) => Promise<ObservedValues>>> = {
  /** λ₁ of the Hessian with its residual; null where 40 Lanczos steps do not get it. */
  lambda_max: async (point) => {
    const { value, residual } = await largest(point);
    return { lambda_max: value, lambda_max_residual: residual };
  },

  /** Hutchinson's estimate with 8 probes, and its standard error. */
  trace: async (point) => {
    const probes = Array.from({ length: 8 }, (_, index) => rademacher(point.stream('trace').child(index), point.size));
    const { trace } = await hutchinson(point.hessian, probes);
    return { trace: trace.value, trace_standard_error: trace.standardError };
  },

  /** α λ₁ with α = ΣgᵀHg / Σ‖Hg‖² over ten minibatches: below 2 where the step size α is stable on a quadratic. */
  alpha_lambda: async (point) => {
    const { value } = await largest(point);
    const { alpha } = await measuredStepSize(point);
    return { alpha_measured: alpha, alpha_lambda: value === null ? null : alpha * value };
  },

  /** η λ₁ with the learning rate of the next step; null where the optimizer has none. */
  eta_lambda: async (point) => {
    const { value } = await largest(point);
    const { learningRate } = point;
    return { eta_lambda: value === null || learningRate === null ? null : learningRate * value };
  },

  gradient_norm: async (point) => ({ gradient_norm: norm((await point.gradient()).gradient) }),

  /**
   * The noise of the minibatch's gradient beside its length, by its sub-batches: √(Σ‖gᵢ − ḡ‖² / (m (m − 1))) / ‖ḡ‖. Above 1
   * the gradient is more noise than signal. The norm test of adaptive batch sizes asks for the same.
   */
  gradient_noise: async (point) => {
    const parts = await point.subBatchGradients();
    if (parts.length < 2) return { gradient_noise: null };
    const mean = meanOf(parts);
    const squares = parts.reduce((sum, part) => sum + squaredDistance(part, mean), 0);
    return { gradient_noise: Math.sqrt(squares / (parts.length * (parts.length - 1))) / norm(mean) };
  },

  /** gᵀHg / gᵀg: the curvature that a gradient step meets. */
  gradient_curvature: async (point) => {
    const { gradient } = await point.gradient();
    return { gradient_curvature: dot(gradient, await point.hessian(gradient)) / dot(gradient, gradient) };
  },

  /** ‖θ − θ₀‖. */
  distance_from_start: async (point) => ({
    distance_from_start: Math.sqrt(squaredDistance(await point.parameters(), point.initialParameters())),
  }),

  /**
   * How much of the top eigenvectors of the Hessian lies in the preconditioner's space, ‖U v‖² on average, and of how many;
   * null where there is no preconditioner.
   */
  overlap: async (point) => {
    const blocks = await point.preconditioner();
    if (blocks === null) return { overlap: null, overlap_vectors: null };
    const { vectors } = await largest(point);
    const shares = vectors.map((vector) => shareAlong(blocks, vector));
    return { overlap: shares.length === 0 ? null : estimateOf(shares).value, overlap_vectors: shares.length };
  },
};

const STEPS = 40;
const TOLERANCE = 1e-3;
/** Top eigenvectors whose overlap is measured, at most. */
const VECTORS = 9;

interface Largest {
  readonly value: number | null;
  readonly residual: number;
  readonly vectors: readonly Float64Array[];
}

/** λ₁ and the top eigenvectors that are converged; measured once at a point. */
function largest(point: ObservedPoint): Promise<Largest> {
  return point.once('largest', async () => {
    const wantsVectors = point.preconditionerExists;
    const isEigenvalue = (pair: RitzPair, pairs: readonly RitzPair[]) =>
      pair.residual <= TOLERANCE * Math.max(...pairs.map(({ value }) => Math.abs(value)));
    const result = await point.lanczos(STEPS, (pairs) => {
      const [first] = pairs;
      return !wantsVectors && first !== undefined && isEigenvalue(first, pairs);
    });
    const { pairs } = result;
    const converged = pairs.slice(0, VECTORS).filter((pair) => isEigenvalue(pair, pairs));
    const [first] = pairs;
    const found = first !== undefined && converged[0] === first;
    return {
      value: found ? first.value : null,
      residual: first?.residual ?? Number.NaN,
      vectors: wantsVectors ? converged.map((pair) => ritzVector(result, pair)) : [],
    };
  });
}

/** Minibatches of the step size. */
const STEP_SIZE_MINIBATCHES = 10;

function measuredStepSize(point: ObservedPoint): Promise<ReturnType<typeof stepSize>> {
  return point.once('step size', async () => {
    const products = { gg: [] as number[], gHg: [] as number[], gHHg: [] as number[] };
    for await (const { gradient, product } of point.gradientsAndProducts(STEP_SIZE_MINIBATCHES)) {
      products.gg.push(dot(gradient, gradient));
      products.gHg.push(dot(gradient, product));
      products.gHHg.push(dot(product, product));
    }
    return stepSize(products);
  });
}

function meanOf(vectors: readonly Vector[]): Float64Array {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (vector[i] as number) / vectors.length;
  }
  return mean;
}

function squaredDistance(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}
