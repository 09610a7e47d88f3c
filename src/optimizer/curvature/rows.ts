import {
  add,
  concatenate,
  constant,
  divide,
  greater,
  matmul,
  multiply,
  pad,
  reshape,
  select,
  sizeOf,
  slice,
  sqrt,
  sum,
  type Tensor,
} from '../../tensor/index.js';

/** A layer's numbers as one row [1, N]: the shape in which engines multiply long vectors fastest. */
export function asRow(tensor: Tensor): Tensor {
  return reshape(tensor, [1, sizeOf(tensor.shape)]);
}

/** Sums of fewer products lose no more than the last digit, in whatever order they are added. */
const LONG = 4096;
/** Rows of b that are treated at once. */
const ROWS = 16;

/**
 * All inner products of the rows of a [p, N] with those of b [q, N]: a bᵀ, [p, q]. Of long rows in two stages: in single
 * precision a sum of millions of products, one after the other, loses what is small beside the sum so far (1e-4 of ‖x‖² for 3
 * million numbers, always downwards). Each row is cut into R parts, whose products are the diagonal of one matrix product
 * [pR, N/R] × [N/R, qR], and the parts are added.
 */
export function innerProducts(a: Tensor, b: Tensor): Tensor {
  const [p = 1, size = 0] = a.shape;
  const [q = 1] = b.shape;
  if (size < LONG) return matmul(a, b, { transposeB: true });
  if (q > ROWS) return concatenate([innerProducts(a, rows(b, 0, ROWS)), innerProducts(a, rows(b, ROWS, q))], 1);
  const parts = partsOf(size, q);
  const rest = size % parts;
  if (rest > 0) {
    const [head, tail] = [columns(a, 0, size - rest), columns(a, size - rest, size)];
    const [otherHead, otherTail] = a === b ? [head, tail] : [columns(b, 0, size - rest), columns(b, size - rest, size)];
    return add(innerProducts(head, otherHead), matmul(tail, otherTail, { transposeB: true }));
  }
  const folded = matmul(reshape(a, [p * parts, size / parts]), reshape(b, [q * parts, size / parts]), {
    transposeB: true,
  });
  const own = reshape(identity(parts), [1, parts, 1, parts]);
  return sum(multiply(reshape(folded, [p, parts, q, parts]), own), [1, 3]);
}

/**
 * R: the larger, the shorter the sums, and the more products of parts that are of no use. With these a product takes hardly
 * longer than reading the numbers, for many rows less than without. A divisor of N if there is one.
 */
function partsOf(size: number, q: number): number {
  const wanted = q === 1 ? 16 : q <= 4 ? 8 : 4;
  for (let parts = wanted; parts < 2 * wanted; parts++) if (size % parts === 0) return parts;
  return wanted;
}

/** The unit matrix: a column of ones in front of zeros, read in rows that are one shorter. */
function identity(size: number): Tensor {
  const shifted = reshape(pad(constant(1, [size, 1]), [0, 0], [0, size]), [size * (size + 1)]);
  return reshape(slice(shifted, [0], [size * size]), [size, size]);
}

function rows(matrix: Tensor, begin: number, end: number): Tensor {
  return slice(matrix, [begin, 0], [end, matrix.shape[1] ?? 0]);
}

function columns(matrix: Tensor, begin: number, end: number): Tensor {
  return slice(matrix, [0, begin], [matrix.shape[0] ?? 0, end]);
}

/** 1/‖x‖ as a scalar, from ‖x‖²; 0 for a zero vector. */
export function inverseLength(squared: Tensor): Tensor {
  const square = reshape(squared, []);
  const positive = greater(square, 0);
  return select(positive, divide(1, sqrt(select(positive, square, 1))), 0);
}

/** x + μ y: the share of the weight decay μ. */
export function decayed(x: Tensor, y: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? x : add(x, multiply(y, weightDecay));
}
