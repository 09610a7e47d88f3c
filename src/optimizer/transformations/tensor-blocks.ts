import { matmul, pad, reshape, slice, type Tensor, transpose } from '../../tensor/index.js';

/** How a tensor is cut into blocks: as a matrix [first axis, all others], in p × q blocks of a × b numbers. */
export interface Blocking {
  readonly rows: number;
  readonly columns: number;
  readonly a: number;
  readonly b: number;
  readonly p: number;
  readonly q: number;
}

/** Blocks of one size, at most `size` on each side; vectors are columns. */
export function blockingOf({ shape }: Tensor, size: number): Blocking {
  const [rows = 1, ...others] = shape;
  const columns = others.reduce((product, length) => product * length, 1);
  const [p, q] = [Math.ceil(rows / size), Math.ceil(columns / size)];
  return { rows, columns, a: Math.ceil(rows / p), b: Math.ceil(columns / q), p, q };
}

/** The tensor as a stack [p q, a, b], filled up with zeros. */
export function toBlocks(tensor: Tensor, { rows, columns, a, b, p, q }: Blocking): Tensor {
  const matrix = reshape(tensor, [rows, columns]);
  const full = p * a === rows && q * b === columns ? matrix : pad(matrix, [0, 0], [p * a - rows, q * b - columns]);
  return reshape(transpose(reshape(full, [p, a, q, b]), [0, 2, 1, 3]), [p * q, a, b]);
}

/** What {@link toBlocks} undoes. */
export function fromBlocks(stack: Tensor, { rows, columns, a, b, p, q }: Blocking, { shape }: Tensor): Tensor {
  const full = reshape(transpose(reshape(stack, [p, q, a, b]), [0, 2, 1, 3]), [p * a, q * b]);
  return reshape(p * a === rows && q * b === columns ? full : slice(full, [0, 0], [rows, columns]), shape);
}

/** G Gᵀ of each block, or Gᵀ G. */
export function grams(stack: Tensor, side: 'left' | 'right'): Tensor {
  return side === 'left' ? matmul(stack, stack, { transposeB: true }) : matmul(stack, stack, { transposeA: true });
}
