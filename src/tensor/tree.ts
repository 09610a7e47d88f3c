import type { DType, Shape, Tensor } from './tensor.js';

/** What ends a branch of a tree: a symbolic tensor, an engine's value, or anything else that states a shape. */
export interface Leaf {
  readonly shape: Shape;
  readonly dtype?: DType;
}

/** Leaves in lists and records, nested as one likes. A list of tensors is a tree, and so is a single tensor. */
export type Tree<L extends Leaf = Tensor> = L | readonly Tree<L>[] | { readonly [name: string]: Tree<L> };

/** A tree of the same structure with other leaves. */
export type Like<T, L extends Leaf> = [Tree] extends [T]
  ? Tree<L>
  : T extends Leaf
    ? L
    : { readonly [K in keyof T]: Like<T[K], L> };

/** Every leaf with its path, such as `0.first.3`; lists in order, records in the order of their keys. */
export function leavesOf<L extends Leaf>(tree: Tree<L>, path = ''): [path: string, leaf: L][] {
  if (isLeaf(tree)) return [[path, tree as L]];
  return Object.entries(tree).flatMap(([key, branch]) =>
    leavesOf(branch as Tree<L>, path === '' ? key : `${path}.${key}`),
  );
}

/** The tree with each leaf replaced. */
export function mapLeaves<T, L extends Leaf>(tree: T, replace: (leaf: Leaf, path: string) => L): Like<T, L> {
  const mapped = (branch: unknown, path: string): unknown => {
    if (isLeaf(branch)) return replace(branch, path);
    const below = (key: string | number, next: unknown) => mapped(next, path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(branch)) return branch.map((next, index) => below(index, next));
    return Object.fromEntries(Object.entries(branch as object).map(([key, next]) => [key, below(key, next)]));
  };
  return mapped(tree, '') as Like<T, L>;
}

/** The leaves of a tree in the order in which another tree of the same structure has them. */
export function leavesLike<T, L extends Leaf>(structure: T, tree: Like<T, L>): L[] {
  const leaves: L[] = [];
  const collect = (branch: object, from: unknown): void => {
    if (isLeaf(branch)) {
      leaves.push(from as L);
      return;
    }
    for (const key in branch) {
      collect((branch as Record<string, object>)[key] ?? {}, (from as Record<string, unknown> | undefined)?.[key]);
    }
  };
  collect(structure as object, tree);
  return leaves;
}

/** A tree of the same structure with these leaves, in the structure's order. */
export function withLeaves<T, L extends Leaf>(structure: T, leaves: readonly L[]): Like<T, L> {
  let next = 0;
  const made = (branch: unknown): unknown => {
    if (isLeaf(branch)) return leaves[next++];
    if (Array.isArray(branch)) return branch.map(made);
    const record: Record<string, unknown> = {};
    for (const key in branch as object) record[key] = made((branch as Record<string, unknown>)[key]);
    return record;
  };
  return made(structure) as Like<T, L>;
}

function isLeaf(tree: unknown): tree is Leaf {
  if (typeof tree !== 'object' || tree === null) {
    throw new TypeError(
      `found ${tree === null ? 'null' : typeof tree}, expected a tensor, or a list or record of tensors`,
    );
  }
  return !Array.isArray(tree) && 'shape' in tree;
}
