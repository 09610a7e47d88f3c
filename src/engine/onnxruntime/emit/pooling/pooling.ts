import { inputOf, poolingGeometryOf, type Tensor } from '../../../../tensor/index.js';
import type { Emitter, Layout, Lowering } from '../../lowering.js';
import { indexedPooling } from './indexed.js';
import { phasedPooling } from './phased.js';
import { separablePooling } from './separable.js';
import type { Pooling, PoolingWay } from './way.js';
import { windowPooling } from './window.js';

/** The ways to compute a pooling, the cheapest first; {@link indexedPooling} covers what none of them does. */
const WAYS: readonly PoolingWay[] = [windowPooling, phasedPooling, separablePooling];

/** How the pooling that a node belongs to is computed: every node of one image and window asks here, so that all agree. */
export function poolingOf(node: Tensor, lowering: Lowering): Pooling {
  const x = inputOf(node, 0);
  const geometry = poolingGeometryOf(node);
  for (const way of WAYS) {
    const pooling = way(x, geometry, lowering);
    if (pooling !== undefined) return pooling;
  }
  return indexedPooling(x, geometry, lowering);
}

export const emitters: Record<string, Emitter> = {
  maxPool2d: (node, lowering) => poolingOf(node, lowering).pooled(node),
  maxPoolScatter: (node, lowering) => poolingOf(node, lowering).scatter(node),
  maxPoolGather: (node, lowering) => poolingOf(node, lowering).gather(node),
};

const layoutOf = (node: Tensor, lowering: Lowering): Layout => poolingOf(node, lowering).layout;

export const naturalLayouts: Record<string, (node: Tensor, lowering: Lowering) => Layout> = {
  maxPool2d: layoutOf,
  maxPoolScatter: layoutOf,
  maxPoolGather: layoutOf,
};
