import { conv2d, dense, flatten, maxPool, relu, sequential } from '../layers/index.js';
import type { Layer } from '../scope.js';

/**
 * The network of de Roos and Hennig's experiment (2019) as the thesis repeated it. It has the filters, units and number of
 * parameters of DeepOBS' 3c3d, but pools with one row and column of padding on every side.
 */
export function cnn3c3dRoos(classes: number): Layer {
  const pool = maxPool({ size: 3, stride: 2, padding: [1, 1, 1, 1] });
  return sequential([
    conv2d({ filters: 64, kernel: 5, padding: 'valid' }),
    relu(),
    pool,
    conv2d({ filters: 96, kernel: 3, padding: 'valid' }),
    relu(),
    pool,
    conv2d({ filters: 128, kernel: 3, padding: [1, 1, 1, 1] }),
    relu(),
    pool,
    flatten(),
    dense(512),
    relu(),
    dense(256),
    relu(),
    dense(classes, { output: true }),
  ]);
}
