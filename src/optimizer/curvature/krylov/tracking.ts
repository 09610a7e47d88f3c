import { joined, type Vector } from '../../../curvature/index.js';
import type { Engine } from '../../../engine/index.js';
import { at } from '../../../expect.js';
import type { EvaluationCounts } from '../../evaluation-counts.js';
import type { BatchFeeds } from '../../training.js';
import { type Block, layersIn, rankOf } from '../blocks.js';
import type { FactorOrNot } from '../factor.js';
import type { Layer } from '../layers.js';
import type { BlockProducts } from './block-products.js';
import { uploadedRows } from './ritz-factor.js';
import { nextVector, type TrackedSpace, withTrackedProduct } from './tracked-space.js';

/** For each block its space, or null where it has no directions. */
export type TrackingState = readonly (TrackedSpace | null)[];

/** The estimate goes on between two estimations: now and then a product on a step's own minibatch. */
export interface Tracking {
  /** From the factors of phase 3. */
  begin(factors: readonly FactorOrNot[]): Promise<TrackingState>;
  /** One product for each block; the factors are there when a sweep is over. */
  use(
    state: TrackingState,
    feeds: BatchFeeds,
  ): Promise<{
    readonly state: TrackingState;
    readonly factors: readonly FactorOrNot[] | null;
    readonly counts: Readonly<Partial<EvaluationCounts>>;
  }>;
}

/** Tracks factors of this rank with the products of the blocks. */
export function trackingWith(
  products: BlockProducts,
  engine: Engine,
  layers: readonly Layer[],
  blocks: readonly Block[],
  rank: number,
): Tracking {
  const factorOf = (block: Block, { basis, values, residuals }: TrackedSpace): FactorOrNot => ({
    sigma: values,
    residuals,
    directed: values.flatMap((value, index) => (value > 0 ? [index] : [])),
    u: uploadedRows(engine, layersIn(block, layers), Math.max(0, rankOf(block, rank)), basis),
  });
  return {
    begin: async (factors) => {
      const state: (TrackedSpace | null)[] = [];
      for (const [index, factor] of factors.entries()) {
        const block = at(blocks, index);
        if ('leftOut' in factor || factor.u === null || factor.directed.length === 0) {
          state.push(null);
          continue;
        }
        const parts: Vector[] = [];
        for (const value of factor.u) parts.push((await engine.download(value)) as Vector);
        const own = layersIn(block, layers);
        const basis = factor.directed.map((_, row) =>
          joined(
            parts.map((part, place) => {
              const { size } = at(own, place);
              return part.slice(row * size, (row + 1) * size) as Vector;
            }),
            block.size,
          ),
        );
        const values = factor.directed.map((place) => at(factor.sigma, place));
        state.push({ basis, values, residuals: values.map(() => 0), products: [] });
      }
      return state;
    },
    use: async (state, feeds) => {
      const vectors = state.map((space) => space && nextVector(space));
      const { products: found } = await products.on(feeds, vectors);
      const next = state.map((space, index) => {
        const product = found[index] ?? null;
        return space === null || product === null ? space : withTrackedProduct(space, product);
      });
      const counts = { gradients: 1, products: vectors.filter((vector) => vector !== null).length };
      const moves = next.some((space, index) => space !== null && space.products.length === 0 && state[index] !== null);
      const factors = moves
        ? next.map((space, index) =>
            space === null ? { leftOut: 'it has no directions' } : factorOf(at(blocks, index), space),
          )
        : null;
      return { state: next, factors, counts };
    },
  };
}
