import type { NetworkDefinition } from '../define-test-problem.js';
import { constantValue, xavierUniform } from '../initialisers.js';
import {
  type BatchNormOptions,
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  numbered,
  relu,
  residual,
  sequential,
} from '../layers/index.js';
import { softmaxCrossEntropy } from '../losses.js';
import type { Layer } from '../scope.js';

/** Which wide residual network. */
export interface WideResNetOptions {
  /** Layers as its name counts them: 6 n + 4 with n blocks in each of the three groups. */
  readonly depth: number;
  /** Times 16, 32 and 64 filters. */
  readonly widening: number;
  readonly classes: number;
  readonly norm?: BatchNormOptions;
}

/**
 * A wide residual network (Zagoruyko & Komodakis 2016) as DeepOBS has it: normalisation and ReLU before each convolution. The
 * first block of a group takes its shortcut, a 1×1 convolution, from the activated input; the others from the input itself.
 */
export function wideResNet({ depth, widening, classes, norm = {} }: WideResNetOptions): Layer {
  const activated = () => [batchNorm(norm), relu()];
  const conv = (filters: number, kernel = 3, stride = 1) =>
    conv2d({ filters, kernel, stride, padding: 'same', bias: false });
  const blocks = (depth - 4) / 6;
  const group = (filters: number, stride: number): Layer => {
    const first = sequential([
      ...activated(),
      residual(sequential([conv(filters, 3, stride), ...activated(), conv(filters)]), conv(filters, 1, stride)),
    ]);
    const further = Array.from({ length: blocks - 1 }, () =>
      residual(sequential([...activated(), conv(filters), ...activated(), conv(filters)])),
    );
    return numbered('group', sequential([first, ...further].map((block) => numbered('block', block))));
  };
  return sequential([
    conv(16),
    group(16 * widening, 1),
    group(32 * widening, 2),
    group(64 * widening, 2),
    ...activated(),
    globalAveragePool(),
    dense(classes, { output: true }),
  ]);
}

/**
 * What DeepOBS' wide residual networks have in common. Its PyTorch line gives TensorFlow's momentum of 0.9 to PyTorch, where
 * it is the weight of the newest batch: the running statistics are almost those of the last minibatch. The published results
 * were made so, and it stays the default; the TensorFlow line weights the newest batch with 0.1.
 */
export function wideResNetDefinition(
  options: Omit<WideResNetOptions, 'norm'>,
): Pick<NetworkDefinition, 'defaults' | 'initial' | 'network' | 'loss' | 'tf'> {
  return {
    defaults: { batchSize: 128, numEpochs: 160, l2Reg: 5e-4 },
    initial: { weights: xavierUniform(), biases: constantValue(0) },
    network: wideResNet({ ...options, norm: { momentum: 0.9 } }),
    loss: softmaxCrossEntropy(),
    tf: { network: wideResNet({ ...options, norm: { momentum: 0.1 } }) },
  };
}
