import { ConfigurationError } from '../errors.js';
import type { Shape, Tensor } from '../tensor/index.js';
import * as ops from '../tensor/index.js';

/** A parameter that a layer needs: its place in the layer, kind and shape. */
export interface LayerParameter {
  readonly role: 'weight' | 'bias';
  readonly shape: Shape;
}

/** One step of a network, from the shape of one example to the computation on a batch. */
export interface Layer {
  readonly kind: 'conv' | 'dense' | 'activation' | 'pool' | 'flatten';
  /** The parameters, for an example of this shape (without the batch axis). */
  parameters(input: Shape): readonly LayerParameter[];
  /** Applies the layer to a batch [n, …input]. */
  apply(input: Tensor, parameters: readonly Tensor[]): Tensor;
}

function activation(operation: (x: Tensor) => Tensor): Layer {
  return { kind: 'activation', parameters: () => [], apply: (x) => operation(x) };
}

/** max(x, 0). */
export const relu = (): Layer => activation(ops.relu);
/** Hyperbolic tangent. */
export const tanh = (): Layer => activation(ops.tanh);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (): Layer => activation(ops.sigmoid);

/** Everything but the batch axis as one axis; images in the order channel, row, column. */
export function flatten(): Layer {
  return {
    kind: 'flatten',
    parameters: () => [],
    apply: (x) => ops.reshape(x, [ops.lengthOf(x, 0), ops.sizeOf(x.shape.slice(1))]),
  };
}

/** y = W x + b with W [units, inputs]. */
export function dense(units: number): Layer {
  return {
    kind: 'dense',
    parameters: (input) => {
      if (input.length !== 1) {
        throw new ConfigurationError(`dense(${units}): the input has shape [${input}]; put flatten() before it`);
      }
      return [
        { role: 'weight', shape: [units, ...input] },
        { role: 'bias', shape: [units] },
      ];
    },
    apply: (x, [weight, bias]) => ops.add(ops.matmul(x, present(weight), { transposeB: true }), present(bias)),
  };
}

/** Convolution (cross-correlation) with a square kernel and a bias per filter; zero padding as TensorFlow's "same" or none. */
export function conv2d(options: {
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding: 'same' | 'valid';
}): Layer {
  const { filters, kernel, stride = 1, padding } = options;
  return {
    kind: 'conv',
    parameters: (input) => [
      { role: 'weight', shape: [filters, channelsOf(`conv2d of ${filters} filters`, input), kernel, kernel] },
      { role: 'bias', shape: [filters] },
    ],
    apply: (x, [weight, bias]) => {
      const pads = ops.paddingFor(padding, x, [kernel, kernel], [stride, stride]);
      const sums = ops.conv2d(x, present(weight), { stride: [stride, stride], padding: pads });
      return ops.add(sums, ops.reshape(present(bias), [1, filters, 1, 1]));
    },
  };
}

/** Largest element of each square window; zero padding as TensorFlow's "same" or none. */
export function maxPool(options: {
  readonly size: number;
  readonly stride: number;
  readonly padding?: 'same' | 'valid';
}): Layer {
  const { size, stride, padding = 'same' } = options;
  return {
    kind: 'pool',
    parameters: (input) => {
      channelsOf(`maxPool of size ${size}`, input);
      return [];
    },
    apply: (x) => {
      const pads = ops.paddingFor(padding, x, [size, size], [stride, stride]);
      return ops.maxPool2d(x, { window: [size, size], stride: [stride, stride], padding: pads });
    },
  };
}

/** Channels of an example that must be an image, [channels, rows, columns]. */
function channelsOf(layer: string, input: Shape): number {
  const [channels, ...image] = input;
  if (channels === undefined || image.length !== 2) {
    throw new ConfigurationError(`${layer}: the input has shape [${input}], expected [channels, rows, columns]`);
  }
  return channels;
}

function present(parameter: Tensor | undefined): Tensor {
  if (parameter === undefined) throw new ConfigurationError('a layer was applied without its parameters');
  return parameter;
}
