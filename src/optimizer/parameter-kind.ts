import type { Shape } from '../tensor/index.js';

/** What a parameter is in its network. */
export type ParameterKind = 'matrix' | 'kernel' | 'bias' | 'gain' | 'embedding' | 'output';

/** The kind that a parameter states, else what its shape says: 4-D a kernel, a vector or scalar a bias, a matrix otherwise. */
export function kindOf({ kind, shape }: { readonly kind?: ParameterKind; readonly shape: Shape }): ParameterKind {
  if (kind !== undefined) return kind;
  if (shape.length < 2) return 'bias';
  return shape.length === 4 ? 'kernel' : 'matrix';
}
