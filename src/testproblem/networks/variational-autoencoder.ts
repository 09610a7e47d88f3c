import * as ops from '../../tensor/index.js';
import type { Variant } from '../choice.js';
import {
  conv2d,
  dense,
  dropout,
  flatten,
  leakyRelu,
  relu,
  scoped,
  sequential,
  transposedConv2d,
} from '../layers/index.js';
import { gaussianDivergences, type LossValues, type SymbolicBatch, squaredErrors } from '../losses.js';
import type { Layer, Scope } from '../scope.js';

/** Numbers in the code of an image. */
const latentSize = 8;
const leak = leakyRelu(0.3);

/**
 * DeepOBS' variational autoencoder (Kingma & Welling 2014) for 28×28 grey images in [0, 1]: three convolutions to a code of
 * 8 numbers, three transposed convolutions back. An image x is coded as z = μ + ε ∘ exp(s) with s half of a dense layer's
 * outputs and ε ~ N(0, I), drawn for each minibatch in training and in evaluation. Loss of an image: its squared error
 * Σ (x̂ − x)² plus KL(N(μ, exp(2s)) ‖ N(0, I)).
 *
 * DeepOBS' PyTorch line has dropout after all three transposed convolutions, and those with stride 1 cut two rows and columns
 * before the image and one after it; its TensorFlow line has no dropout after the third, and cuts one before and two after.
 */
export function variationalAutoencoder(line: Variant): (scope: Scope, batch: SymbolicBatch) => LossValues {
  return (scope, { inputs, size }) => {
    const features = scoped('encoder', encoder())(scope, inputs);
    const means = scoped('mean', dense(latentSize))(scope, features);
    const logDeviations = ops.multiply(scoped('deviation', dense(latentSize))(scope, features), 0.5);
    const epsilon = scope.noise('epsilon', means.shape, { kind: 'normal' });
    const code = ops.add(means, ops.multiply(epsilon, ops.exp(logDeviations)));
    const small = scoped('decoder', sequential([dense(24), leak, dense(49), leak]))(scope, code);
    const pixels = scoped('decoder', decoder(line))(scope, ops.reshape(small, [size, 1, 7, 7]));
    const reconstruction = ops.mean(squaredErrors(ops.sigmoid(pixels), ops.reshape(inputs, [size, 784])));
    const divergence = ops.mean(gaussianDivergences(means, logDeviations));
    return { loss: ops.add(reconstruction, divergence), metrics: { reconstruction, divergence } };
  };
}

/** [n, 1, 28, 28] → [n, 3136]. */
function encoder(): Layer {
  const block = (stride: number) =>
    sequential([conv2d({ filters: 64, kernel: 4, stride, padding: 'same' }), leak, dropout(0.2)]);
  return sequential([block(2), block(2), block(1), flatten()]);
}

/** [n, 1, 7, 7] → the logits of 784 pixels. */
function decoder(line: Variant): Layer {
  const block = (layer: Layer) => sequential([layer, relu(), dropout(0.2)]);
  const widening = transposedConv2d({ filters: 64, kernel: 4, stride: 2, padding: 'same' });
  const padding = line === 'pytorch' ? ([2, 2, 1, 1] as const) : 'same';
  const keeping = transposedConv2d({ filters: 64, kernel: 4, padding });
  const last = line === 'pytorch' ? block(keeping) : sequential([keeping, relu()]);
  return sequential([block(widening), block(keeping), last, flatten(), dense(784, { output: true })]);
}
