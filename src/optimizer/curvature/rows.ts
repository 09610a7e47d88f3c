import { at } from '../../expect.js';
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

/**
 * All inner products of the rows of a [p, N] with rows [1, N] that are given one by one: [p, q]; of many rows with a copy of
 * `few` at a time. Two uses of the same rows need a different `few`: the copy that both share would be kept from the first
 * to the second.
 */
export function productsWithRows(a: Tensor, list: readonly Tensor[], few: number): Tensor {
  if (list.length <= ROWS) return innerProducts(a, concatenate(list, 0));
  return concatenate(
    portions(list, few).map((rows) => innerProducts(a, concatenate(rows, 0))),
    1,
  );
}

function portions(list: readonly Tensor[], few: number): Tensor[][] {
  return Array.from({ length: Math.ceil(list.length / few) }, (_, index) => list.slice(index * few, (index + 1) * few));
}

/**
 * Σ cᵢ rowᵢ with c [1, q] of rows [1, N] that are given one by one; of many rows with a copy of a few at a time. The parts
 * are added by a product: as sums they would be fused with the products before them, which then all run last, when every
 * copy has been made.
 */
export function combinedRows(coefficients: Tensor, list: readonly Tensor[]): Tensor {
  if (list.length <= ROWS) return matmul(coefficients, concatenate(list, 0));
  const parts = portions(list, ROWS).map((rows, index) =>
    matmul(slice(coefficients, [0, index * ROWS], [1, index * ROWS + rows.length]), concatenate(rows, 0)),
  );
  return matmul(constant(1, [1, parts.length]), concatenate(parts, 0));
}

/**
 * Rows [1, N] that are given one by one as matrices of consecutive columns, so many that each has about `entries` numbers:
 * what is computed from one after the other needs no copy of all. Few rows are one matrix.
 */
export function columnTiles(list: readonly Tensor[], entries = TILE): Tensor[] {
  const size = list[0]?.shape[1] ?? 0;
  const tiles = list.length <= ROWS ? 1 : Math.ceil((list.length * size) / entries);
  const width = Math.ceil(size / tiles / ALIGNED) * ALIGNED;
  if (width >= size) return [concatenate(list, 0)];
  return Array.from({ length: Math.ceil(size / width) }, (_, tile) =>
    concatenate(
      list.map((row) => columns(row, tile * width, Math.min(size, (tile + 1) * width))),
      0,
    ),
  );
}

/** Entries of a tile: 16 MB in single precision, which the system gives out again without clearing it. */
const TILE = 2 ** 22;
/** Tiles are as wide as a multiple of this, for the inner products of their parts. */
const ALIGNED = 64;

/** The unit matrix: a column of ones in front of zeros, read in rows that are one shorter. */
function identity(size: number): Tensor {
  const shifted = reshape(pad(constant(1, [size, 1]), [0, 0], [0, size]), [size * (size + 1)]);
  return reshape(slice(shifted, [0], [size * size]), [size, size]);
}

function rows(matrix: Tensor, begin: number, end: number): Tensor {
  return slice(matrix, [begin, 0], [end, at(matrix.shape, 1)]);
}

function columns(matrix: Tensor, begin: number, end: number): Tensor {
  return slice(matrix, [0, begin], [at(matrix.shape, 0), end]);
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
