import { at } from '../../expect.js';
import { normaliseAxes } from '../shape-rules.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { sum } from './sum.js';

/** Arithmetic mean over the given axes (default: all). */
export function mean(operand: Tensor, axes: readonly number[] = operand.shape.map((_, axis) => axis)): Tensor {
  const summed = normaliseAxes('mean', operand.shape, axes);
  const count = sizeOf(summed.map((axis) => at(operand.shape, axis)));
  return multiply(sum(operand, summed), 1 / count);
}
