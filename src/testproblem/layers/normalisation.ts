import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import { constantValue } from '../initialisers.js';
import type { Layer } from '../scope.js';

/** How a batch normalisation differs from PyTorch's defaults. */
export interface BatchNormOptions {
  /** Weight of the newest batch in the running statistics, as PyTorch's `momentum`: 1 minus TensorFlow's. Default 0.1. */
  readonly momentum?: number;
  /** Added to variances. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Batch normalisation per channel (axis 1) with gain and bias (Ioffe & Szegedy 2015). Training divides by the batch's own
 * standard deviation (of the biased variance) and moves the running statistics: r ← (1 − momentum) r + momentum b, with the
 * unbiased variance, as PyTorch does. Evaluation uses the running statistics.
 */
export function batchNorm({ momentum = 0.1, epsilon = 1e-5 }: BatchNormOptions = {}): Layer {
  return (scope, x) => {
    const own = scope.next('norm');
    const channels = x.shape[1];
    if (channels === undefined) {
      throw new ConfigurationError({
        subject: 'batchNorm',
        what: `the input has shape [${x.shape}]`,
        expected: 'channels along axis 1',
      });
    }
    const gain = own.parameter('gain', [channels], constantValue(1), { kind: 'gain' });
    const bias = own.parameter('bias', [channels], constantValue(0), { kind: 'bias' });
    const runningMean = own.state('mean', [channels], 0);
    const runningVariance = own.state('variance', [channels], 1);
    const perChannel = (values: ops.Tensor) =>
      ops.reshape(
        values,
        x.shape.map((_, axis) => (axis === 1 ? channels : 1)),
      );
    const scaled = (centred: ops.Tensor, variance: ops.Tensor) => {
      const factor = ops.divide(gain, ops.sqrt(ops.add(variance, epsilon)));
      return ops.add(ops.multiply(centred, perChannel(factor)), perChannel(bias));
    };
    if (scope.mode === 'eval') {
      return scaled(ops.subtract(x, perChannel(runningMean.value)), runningVariance.value);
    }
    const count = ops.sizeOf(x.shape) / channels;
    if (count < 2) {
      throw new ConfigurationError({
        subject: 'batchNorm',
        found: `${count} value for each channel in a batch [${x.shape}]`,
        expected: 'at least 2',
        remedy: 'use a larger batch',
      });
    }
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const mean = ops.mean(x, axes);
    const centred = ops.subtract(x, perChannel(mean));
    const variance = ops.mean(ops.square(centred), axes);
    const moved = (running: ops.Tensor, batch: ops.Tensor, weight: number) =>
      ops.add(ops.multiply(running, 1 - momentum), ops.multiply(batch, weight));
    runningMean.set(moved(runningMean.value, mean, momentum));
    runningVariance.set(moved(runningVariance.value, variance, (momentum * count) / (count - 1)));
    return scaled(centred, variance);
  };
}

/** Layer normalisation over the last axis with gain and bias (Ba et al. 2016): the same in training and evaluation. */
export function layerNorm({ epsilon = 1e-5 }: { readonly epsilon?: number } = {}): Layer {
  return (scope, x) => {
    const own = scope.next('norm');
    const features = ops.lengthOf(x, -1);
    const gain = own.parameter('gain', [features], constantValue(1), { kind: 'gain' });
    const bias = own.parameter('bias', [features], constantValue(0), { kind: 'bias' });
    const overFeatures = (values: ops.Tensor) => ops.reshape(ops.mean(values, [-1]), [...x.shape.slice(0, -1), 1]);
    const centred = ops.subtract(x, overFeatures(x));
    const deviation = ops.sqrt(ops.add(overFeatures(ops.square(centred)), epsilon));
    return ops.add(ops.multiply(ops.divide(centred, deviation), gain), bias);
  };
}
