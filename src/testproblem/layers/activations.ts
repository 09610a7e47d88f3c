import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';

const activation =
  (operation: (x: ops.Tensor) => ops.Tensor): Layer =>
  (_, x) =>
    operation(x);

/** max(x, 0) of every number; its derivative at 0 is 0, as in PyTorch. Keeps the shape. */
export const relu = (): Layer => activation(ops.relu);
/** Hyperbolic tangent of every number; keeps the shape. */
export const tanh = (): Layer => activation(ops.tanh);
/** 1 / (1 + e⁻ˣ) of every number; keeps the shape. */
export const sigmoid = (): Layer => activation(ops.sigmoid);
/** log(1 + eˣ) of every number, without overflow; keeps the shape. */
export const softplus = (): Layer => activation(ops.softplus);

/** x where x > 0, else slope · x; the derivative at 0 is the slope, as in PyTorch. */
export function leakyRelu(slope = 0.01): Layer {
  return activation((x) => ops.multiply(x, ops.add(ops.multiply(ops.step(x), 1 - slope), slope)));
}

/**
 * x Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel 2016). `tanh`: its approximation
 * ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), which GPT-2 uses.
 */
export function gelu(form: 'exact' | 'tanh' = 'exact'): Layer {
  return activation((x) => {
    const cubic = () => ops.add(x, ops.multiply(ops.multiply(ops.square(x), x), 0.044715));
    const slope =
      form === 'exact'
        ? ops.erf(ops.multiply(x, Math.SQRT1_2))
        : ops.tanh(ops.multiply(cubic(), Math.sqrt(2 / Math.PI)));
    return ops.multiply(ops.multiply(x, 0.5), ops.add(slope, 1));
  });
}
