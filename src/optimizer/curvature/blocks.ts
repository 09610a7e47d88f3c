import { at } from '../../expect.js';
import type { Layer, Layers } from './layers.js';

/** Layers that share one basis: a layer alone, or all those of a group. */
export interface Block {
  readonly name: string;
  /** Indices of its layers. */
  readonly members: readonly number[];
  /** Numbers of all of them. */
  readonly size: number;
  /** Index of the group whose α, w and λ it shares. */
  readonly group: number;
}

/** Each layer alone. */
export function layerBlocks({ list }: Layers): Block[] {
  return list.map(({ name, size, group }, index) => ({ name, members: [index], size, group }));
}

/** The layers of each group together. */
export function groupBlocks({ list, groups }: Layers): Block[] {
  return groups.map((name, group) => {
    const members = [...list.entries()].filter(([, layer]) => layer.group === group);
    const size = members.reduce((sum, [, layer]) => sum + layer.size, 0);
    return { name, members: members.map(([index]) => index), size, group };
  });
}

/** A block's layers. */
export function layersIn({ members }: Block, list: readonly Layer[]): Layer[] {
  return members.map((index) => at(list, index));
}

/** Rank of a block's factor: r = min(k, N − 1). */
export function rankOf({ size }: Pick<Block, 'size'>, rank: number): number {
  return Math.min(rank, size - 1);
}
