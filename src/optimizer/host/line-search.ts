import type { Minibatch } from './minibatch.js';
import type { Vector, VectorAlgebra } from './vectors.js';

/**
 * The first of 1, s, s², … at which the minibatch's loss has fallen by the part c of what its slope promises (Armijo 1966), and the
 * point there; null where none down to `smallest` has.
 */
export async function backtrack(
  { minibatch, vectors }: { readonly minibatch: Minibatch; readonly vectors: VectorAlgebra },
  from: { readonly point: Vector; readonly loss: number; readonly slope: number; readonly direction: Vector },
  { shrink, part, smallest }: { readonly shrink: number; readonly part: number; readonly smallest: number },
): Promise<{ readonly size: number; readonly point: Vector } | null> {
  for (let size = 1; size > smallest; size *= shrink) {
    const point = await vectors.combine([1, from.point], [size, from.direction]);
    if ((await minibatch.loss(point)) <= from.loss + part * size * from.slope) return { size, point };
  }
  return null;
}
