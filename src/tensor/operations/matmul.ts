import { ShapeError } from '../../errors.js';
import { describe, inputOf, lengthOf, requireFloat } from '../shape-rules.js';
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

/**
 * Product of two matrices, each optionally transposed: [m, k] · [k, n] → [m, n]; or of two stacks of as many matrices:
 * [s, m, k] · [s, k, n] → [s, m, n].
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Tensor {
  requireFloat('matmul', a, b);
  const [rows, inner] = transposeA ? [-1, -2] : [-2, -1];
  const [innerOfB, columns] = transposeB ? [-1, -2] : [-2, -1];
  for (const tensor of [a, b]) {
    if (tensor.shape.length !== 2 && tensor.shape.length !== 3) {
      throw new ShapeError({ subject: 'matmul', found: describe(tensor), expected: '2 axes, or 3 of a stack' });
    }
  }
  const stacksFit = a.shape.length === b.shape.length && (a.shape.length === 2 || a.shape[0] === b.shape[0]);
  if (!stacksFit || lengthOf(a, inner) !== lengthOf(b, innerOfB)) {
    throw new ShapeError({
      subject: 'matmul',
      what: `${describe(a)}${transposeA ? 'ᵀ' : ''} and ${describe(b)}${transposeB ? 'ᵀ' : ''} do not fit`,
    });
  }
  const shape = [...a.shape.slice(0, -2), lengthOf(a, rows), lengthOf(b, columns)];
  return createTensor(matmulOperation, [a, b], { transposeA, transposeB }, shape, 'float');
}
