import { conv2d, dense, flatten, maxPool, relu, sequential } from '../layers/index.js';
import type { Layer } from '../scope.js';

/** DeepOBS' 2c2d: two 5×5 convolutions of 32 and 64 filters with 2×2 pooling, then 1024 units and one per class. */
export function cnn2c2d(classes: number): Layer {
  return sequential([
    conv2d({ filters: 32, kernel: 5, padding: 'same' }),
    relu(),
    maxPool({ size: 2, stride: 2 }),
    conv2d({ filters: 64, kernel: 5, padding: 'same' }),
    relu(),
    maxPool({ size: 2, stride: 2 }),
    flatten(),
    dense(1024),
    relu(),
    dense(classes, { output: true }),
  ]);
}
