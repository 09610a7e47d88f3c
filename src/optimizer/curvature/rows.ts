import {
  add,
  divide,
  greater,
  matmul,
  multiply,
  reshape,
  select,
  sizeOf,
  sqrt,
  type Tensor,
} from '../../tensor/index.js';

/** A layer's numbers as one row [1, N]: the shape in which engines multiply long vectors fastest. */
export function asRow(tensor: Tensor): Tensor {
  return reshape(tensor, [1, sizeOf(tensor.shape)]);
}

/** All inner products of the rows of a [p, N] with those of b [q, N]: a bᵀ, [p, q]. */
export function innerProducts(a: Tensor, b: Tensor): Tensor {
  return matmul(a, b, { transposeB: true });
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
