import { type KrylovSpace, outliersByGap, ritzPairs, ritzVector, type Vector } from '../../../curvature/index.js';
import type { Engine, Value } from '../../../engine/index.js';
import { type Block, layersIn, rankOf } from '../blocks.js';
import type { FactorOrNot } from '../factor.js';
import type { Layer } from '../layers.js';

/** Which Ritz pairs become directions of the preconditioner. */
export interface RitzChoice {
  /** At most so many. */
  readonly rank: number;
  /** Only those before the largest gap between neighbouring values. */
  readonly outliersOnly: boolean;
}

/**
 * The factor of a block from the Ritz pairs of its space: the largest positive values, whose error bound is smaller than the
 * value. Directions of negative curvature have no step length of their own; they stay in the complement.
 */
export function ritzFactor(
  engine: Engine,
  layers: readonly Layer[],
  block: Block,
  space: KrylovSpace,
  { rank, outliersOnly }: RitzChoice,
): FactorOrNot {
  const pairs = ritzPairs(space);
  if (pairs.length === 0) return { leftOut: 'a product with the Hessian is not finite' };
  const certain = pairs.findIndex(({ value, residual }) => !(value > 0 && residual < value));
  const known = certain < 0 ? pairs : pairs.slice(0, certain);
  const rows = Math.max(0, rankOf(block, rank));
  const gap = outliersOnly
    ? outliersByGap(
        pairs.map(({ value }) => value),
        Math.min(rows, known.length),
      )
    : null;
  const chosen = known.slice(0, Math.min(rows, gap?.count ?? rows));
  if (chosen.length === 0) return { leftOut: 'no positive curvature is known to more than its error bound' };
  return {
    sigma: chosen.map(({ value }) => value),
    residuals: chosen.map(({ residual }) => residual),
    directed: chosen.map((_, index) => index),
    u: uploadedRows(
      engine,
      layersIn(block, layers),
      rows,
      chosen.map((pair) => ritzVector(space, pair)),
      space.basis[0] instanceof Float64Array,
    ),
  };
}

/** Vectors of a block as rows on the engine, cut into the layers' parts; zeros where there are fewer than `rows`. */
export function uploadedRows(
  engine: Engine,
  layers: readonly Layer[],
  rows: number,
  vectors: readonly Vector[],
  double = vectors[0] instanceof Float64Array,
): Value[] {
  const parts = layers.map(({ size }) => (double ? new Float64Array(rows * size) : new Float32Array(rows * size)));
  for (const [row, vector] of vectors.entries()) {
    let begin = 0;
    for (const [index, { size }] of layers.entries()) {
      parts[index]?.set(vector.subarray(begin, begin + size), row * size);
      begin += size;
    }
  }
  return layers.map(({ size }, index) => engine.upload(parts[index] ?? new Float32Array(rows * size), [rows, size]));
}
