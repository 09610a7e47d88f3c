import { withProduct } from '../../../curvature/index.js';
import type { BlockProducts } from './block-products.js';
import type { Directions } from './ritz-state.js';

/**
 * Each minibatch has one product for each block: with the block's newest basis vector, of the minibatch's own Hessian. The
 * product, made orthogonal to the basis, is the next direction: Lanczos' method with full reorthogonalisation and a Hessian
 * that is a new sample each time, whose noise shows in the residuals.
 */
export function krylovDirections(products: BlockProducts): Directions {
  return {
    use: async (state, feeds) => {
      const vectors = state.spaces.map((space) =>
        space === null || space.ended ? null : (space.basis.at(-1) ?? null),
      );
      const { loss, products: found } = await products.on(feeds, vectors);
      state.spaces = state.spaces.map((space, index) => {
        const product = found[index] ?? null;
        return space === null || product === null ? space : withProduct(space, product);
      });
      return { loss, counts: { gradients: 1, products: vectors.filter((vector) => vector !== null).length } };
    },
  };
}
