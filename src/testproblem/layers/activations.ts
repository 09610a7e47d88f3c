import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';

const activation =
  (operation: (x: ops.Tensor) => ops.Tensor): Layer =>
  (_, x) =>
    operation(x);

/** max(x, 0). */
export const relu = (): Layer => activation(ops.relu);
/** Hyperbolic tangent. */
export const tanh = (): Layer => activation(ops.tanh);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (): Layer => activation(ops.sigmoid);
