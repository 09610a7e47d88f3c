import { ShapeError } from '../../errors.js';
import { describe } from '../shape-rules.js';
import { sameShape, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { sqrt } from './sqrt.js';
import { sum } from './sum.js';

/** Scalar product Σ aᵢ bᵢ over all elements of two tensors of one shape. */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (!sameShape(a.shape, b.shape))
    throw new ShapeError({ subject: 'dot', what: `shapes ${describe(a)} and ${describe(b)} differ` });
  return sum(multiply(a, b));
}

/** Euclidean norm over all elements. */
export function norm(operand: Tensor): Tensor {
  return sqrt(dot(operand, operand));
}
