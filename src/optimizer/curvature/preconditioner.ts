import { type Engine, placeholders, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { add, matmul, multiply, type Tensor } from '../../tensor/index.js';
import { type Block, layersIn, rankOf } from './blocks.js';
import type { FactorOrNot } from './factor.js';
import type { Layer } from './layers.js';
import { innerProducts } from './rows.js';

/** U and f(σ) − 1 of a block; empty where the block is too short for any. */
export interface Preconditioner<T> {
  /** For each of its layers rows of the layer's length: the rows of U, cut into the layers' parts. */
  readonly u?: readonly T[];
  /** [1, r]. */
  readonly change?: T;
}

/** Inputs of a program for the preconditioners of rank k. */
export function preconditionerInputs(
  blocks: readonly Block[],
  layers: readonly Layer[],
  rank: number,
): Preconditioner<Tensor>[] {
  const of = (block: Block) => {
    const rows = rankOf(block, rank);
    if (rows <= 0) return {};
    return { u: layersIn(block, layers).map(({ size }) => ({ shape: [rows, size] })), change: { shape: [1, rows] } };
  };
  return placeholders('preconditioners', blocks.map(of)) as Preconditioner<Tensor>[];
}

/** The inputs' values of a block: `change` of each σ that has a direction; zeros for a block without a factor. */
export function preconditionerValue(
  engine: Engine,
  block: Block,
  layers: readonly Layer[],
  rank: number,
  factor: FactorOrNot | undefined,
  change: (sigma: number) => number,
): Preconditioner<Value> {
  const rows = rankOf(block, rank);
  if (rows <= 0) return {};
  const changes = new Float64Array(rows);
  let u: readonly Value[] | null = null;
  if (factor !== undefined && !('leftOut' in factor)) {
    u = factor.u;
    for (const [row, place] of factor.directed.entries()) changes[row] = change(at(factor.sigma, place));
  }
  return {
    u: u ?? layersIn(block, layers).map(({ size }) => engine.upload(new Float32Array(rows * size), [rows, size])),
    change: engine.upload(changes, [1, rows]),
  };
}

/** v + U (change ∘ Uᵀv), for a vector that is given by a row for each layer of the block. */
export function preconditioned(rows: readonly Tensor[], { u, change }: Preconditioner<Tensor>): readonly Tensor[] {
  if (u === undefined || change === undefined) return rows;
  const all = rows.map((row, index) => innerProducts(row, at(u, index))).reduce((sum, part) => add(sum, part));
  const components = multiply(all, change);
  return rows.map((row, index) => add(matmul(components, at(u, index)), row));
}
