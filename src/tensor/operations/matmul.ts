import { ShapeError } from '../../errors.js';
import { describe, inputOf, lengthOf, requireFloat, requireRank } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const matmulOperation: Operation = {
  name: 'matmul',
  derivative: (node, gradient) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const transposeA = node.attributes.transposeA === true;
    const transposeB = node.attributes.transposeB === true;
    return [
      () =>
        transposeA
          ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
          : matmul(gradient, b, { transposeB: !transposeB }),
      () =>
        transposeB
          ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, gradient, { transposeA: !transposeA }),
    ];
  },
};

/** Product of two matrices, each optionally transposed: [m, k] · [k, n] → [m, n]. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Tensor {
  requireFloat('matmul', a, b);
  requireRank('matmul', a, 2);
  requireRank('matmul', b, 2);
  const [rows, inner] = transposeA ? [1, 0] : [0, 1];
  const [innerOfB, columns] = transposeB ? [1, 0] : [0, 1];
  if (lengthOf(a, inner) !== lengthOf(b, innerOfB)) {
    throw new ShapeError(
      `matmul: ${describe(a)}${transposeA ? 'ᵀ' : ''} and ${describe(b)}${transposeB ? 'ᵀ' : ''} do not fit`,
    );
  }
  const shape = [lengthOf(a, rows), lengthOf(b, columns)];
  return createTensor(matmulOperation, [a, b], { transposeA, transposeB }, shape, 'float');
}
