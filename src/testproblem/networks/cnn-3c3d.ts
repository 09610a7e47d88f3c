import type { NetworkDefinition } from '../define-test-problem.js';
import { constantValue, truncatedXavierNormal, xavierNormal, xavierUniform } from '../initialisers.js';
import { conv2d, dense, flatten, maxPool, relu, sequential } from '../layers/index.js';
import { softmaxCrossEntropy } from '../losses.js';
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

/** What DeepOBS' 3c3d problems have in common; of cifar100_3c3d it sets neither batch size nor epochs. */
export function cnn3c3dDefinition(
  classes: number,
): Pick<NetworkDefinition, 'defaults' | 'initial' | 'network' | 'loss' | 'tf'> {
  const dense = xavierUniform();
  return {
    defaults: { batchSize: 128, numEpochs: 100, l2Reg: 0.002 },
    initial: { weights: { conv: xavierNormal(), dense }, biases: constantValue(0) },
    network: cnn3c3d(classes),
    loss: softmaxCrossEntropy(),
    tf: { initial: { weights: { conv: truncatedXavierNormal(), dense }, biases: constantValue(0) } },
  };
}
