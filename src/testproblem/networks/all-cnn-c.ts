import { conv2d, dropout, globalAveragePool, relu, sequential } from '../layers/index.js';
import type { Layer } from '../scope.js';

/**
 * All-CNN-C (Springenberg et al. 2015) as DeepOBS has it: convolutions only, three of them with stride 2 or without padding
 * instead of pooling. The ReLU after the last one, which makes all logits ≥ 0, is DeepOBS'.
 */
export function allCnnC(classes: number): Layer {
  const conv = (filters: number, options: { kernel?: number; stride?: number; padding?: 'valid' } = {}): Layer =>
    sequential([conv2d({ filters, kernel: 3, padding: 'same', ...options }), relu()]);
  return sequential([
    dropout(0.2),
    ...[conv(96), conv(96), conv(96, { stride: 2 })],
    dropout(0.5),
    ...[conv(192), conv(192), conv(192, { stride: 2 })],
    dropout(0.5),
    ...[conv(192, { padding: 'valid' }), conv(192, { kernel: 1 }), conv(classes, { kernel: 1 })],
    globalAveragePool(),
  ]);
}
