import { addCombination, inPrecisionOf, type Operator, projections, type Vector } from './vector.js';

/**
 * What a preconditioner P = I + Uᵀ diag(change) U does to some parameters together, on the host. The rows of U are
 * orthonormal or zero; those of several blocks lie at a right angle to each other, because the blocks have no parameter in
 * common.
 */
export interface LowRankChange {
  /** The rows of U in the parts that the parameters have: [begin, begin + size) of a vector of all parameters. */
  readonly parts: readonly { readonly begin: number; readonly size: number; readonly rows: readonly Vector[] }[];
  /** f(σ) − 1 of each row, above −1. */
  readonly change: readonly number[];
}

/**
 * √P H √P. It has the eigenvalues of P H, so that steps −η P g are stable on a quadratic while η times the largest of them is
 * below 2, and it is symmetric where H is.
 */
export function preconditioned(operator: Operator, blocks: readonly LowRankChange[]): Operator {
  return async (vector) => {
    const inner = inPrecisionOf(vector, rootApplied(blocks, vector));
    return rootApplied(blocks, await operator(inner));
  };
}

/** √P v, in double precision: √P = I + Uᵀ diag(√(1 + change) − 1) U, because the rows of U are orthonormal. */
function rootApplied(blocks: readonly LowRankChange[], vector: Vector): Float64Array {
  const result = new Float64Array(vector);
  for (const block of blocks) {
    const along = componentsAlong(block, vector).map(
      (component, row) => component * (Math.sqrt(1 + (block.change[row] ?? 0)) - 1),
    );
    for (const { begin, size, rows } of block.parts) addCombination(result.subarray(begin, begin + size), rows, along);
  }
  return result;
}

/** ‖Uv‖² over all blocks: the share of a unit vector that lies in the span of the preconditioner's directions. */
export function shareAlong(blocks: readonly LowRankChange[], vector: Vector): number {
  return blocks
    .flatMap((block) => componentsAlong(block, vector))
    .reduce((sum, component) => sum + component * component, 0);
}

/** Uv of a block. */
function componentsAlong({ parts, change }: LowRankChange, vector: Vector): number[] {
  const components = change.map(() => 0);
  for (const { begin, size, rows } of parts) {
    for (const [row, value] of projections(rows, vector.subarray(begin, begin + size)).entries()) {
      components[row] = (components[row] ?? 0) + value;
    }
  }
  return components;
}
