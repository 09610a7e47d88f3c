import { type KrylovSpace, ritzPairs, type Vector, withProduct } from '../../../curvature/index.js';
import type { CompiledFunction, Value } from '../../../engine/index.js';
import { at } from '../../../expect.js';
import type { Tensor } from '../../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../../training.js';
import type { Block } from '../blocks.js';
import type { Layer } from '../layers.js';
import type { BlockProducts } from './block-products.js';
import type { Directions } from './ritz-state.js';

/** A Ritz pair is an eigenpair when its residual is at most this part of the largest modulus. */
const TOLERANCE = 1e-3;
/** Lanczos steps at most, beyond the rank: what has not converged then has no gap below it. */
const FURTHER_STEPS = 60;
/** Steps between two questions whether the pairs are good enough. */
const ASKED_EVERY = 5;

/**
 * The eigenvectors themselves, to a relative residual of 0.001: minibatches are kept until there are all, then Lanczos'
 * method goes on with the Hessian of their mean loss, each step with as many products as there are minibatches. It says what
 * the best estimate of this rank could do, at whatever cost.
 */
export function oracleDirections(
  { engine, constants }: TrainingTask,
  layers: readonly Layer[],
  blocks: readonly Block[],
  {
    products,
    lossOf,
    rank,
  }: { readonly products: BlockProducts; readonly lossOf: CompiledFunction<object, Tensor>; readonly rank: number },
): Directions {
  const standing = new Set([...Object.keys(constants), ...layers.map(({ input }) => input)]);
  /** The minibatch alone, in values that are nobody else's. */
  const kept = async (feeds: BatchFeeds): Promise<BatchFeeds> => {
    const own: Record<string, Value> = {};
    for (const [name, value] of Object.entries(feeds)) {
      if (!standing.has(name)) own[name] = engine.upload(await engine.download(value), value.shape, value.dtype);
    }
    return own;
  };
  const isFound = (space: KrylovSpace, size: number) => {
    if (space.ended || space.columns.length >= Math.min(size, rank + FURTHER_STEPS)) return true;
    if (space.columns.length % ASKED_EVERY !== 0 || space.columns.length <= rank) return false;
    const pairs = ritzPairs(space);
    const largest = Math.max(...pairs.map(({ value }) => Math.abs(value)));
    return pairs.slice(0, rank).every(({ residual }) => residual <= TOLERANCE * largest);
  };
  return {
    use: async (state, feeds, last) => {
      state.held.push(await kept(feeds));
      const counts = { gradients: 0, products: 0, losses: 1 };
      const [loss = Number.NaN] = await engine.download(await lossOf.run({}, feeds));
      if (!last) return { loss, counts: { losses: 1 } };
      for (;;) {
        const vectors = state.spaces.map((space, index) =>
          space === null || isFound(space, at(blocks, index).size) ? null : (space.basis.at(-1) ?? null),
        );
        if (vectors.every((vector) => vector === null)) return { loss, counts };
        const sums: (Vector | null)[] = [];
        for (const batch of state.held) {
          const { products: found } = await products.on({ ...feeds, ...batch }, vectors);
          counts.gradients += 1;
          counts.products += vectors.filter((vector) => vector !== null).length;
          for (const [index, product] of found.entries()) sums[index] = plus(sums[index] ?? null, product);
        }
        state.spaces = state.spaces.map((space, index) => {
          const sum = sums[index] ?? null;
          if (space === null || sum === null) return space;
          return withProduct(space, sum.map((value) => value / state.held.length) as Vector);
        });
      }
    },
  };
}

/** a + b, added up in double precision. */
function plus(a: Vector | null, b: Vector | null): Vector | null {
  if (a === null || b === null) return a ?? (b === null ? null : new Float64Array(b));
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) + (b[i] as number);
  return a;
}
