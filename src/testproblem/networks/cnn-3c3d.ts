import { conv2d, dense, flatten, maxPool, relu, sequential } from '../layers/index.js';
import type { Layer } from '../scope.js';

/** DeepOBS' 3c3d: convolutions of 64, 96 and 128 filters with overlapping pooling, then 512, 256 and one unit per class. */
export function cnn3c3d(classes: number): Layer {
  return sequential([
    conv2d({ filters: 64, kernel: 5, padding: 'valid' }),
    relu(),
    maxPool({ size: 3, stride: 2 }),
    conv2d({ filters: 96, kernel: 3, padding: 'valid' }),
    relu(),
    maxPool({ size: 3, stride: 2 }),
    conv2d({ filters: 128, kernel: 3, padding: 'same' }),
    relu(),
    maxPool({ size: 3, stride: 2 }),
    flatten(),
    dense(512),
    relu(),
    dense(256),
    relu(),
    dense(classes, { output: true }),
  ]);
}
