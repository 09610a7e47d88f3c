import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import type { Initialiser } from '../initialisers.js';
import type { Layer } from '../scope.js';
import { uniformForFanIn } from './convolution.js';

/** Everything but the batch axis as one axis; images in the order channel, row, column. */
export function flatten(): Layer {
  return (_, x) => ops.reshape(x, [ops.lengthOf(x, 0), ops.sizeOf(x.shape.slice(1))]);
}

/** How a dense layer differs from the test problem's rules. */
export interface DenseOptions {
  readonly weight?: Initialiser;
  /** The initialiser of the bias; `false`: there is none. */
  readonly bias?: Initialiser | false;
  /** Whether this is the network's last layer, whose matrix some optimizers treat differently (kind `output`). */
  readonly output?: boolean;
  /** Whether the L2 term includes the matrix. Default yes. */
  readonly regularised?: boolean;
}

/** y = W x + b on [n, inputs], with W [units, inputs]. */
export function dense(units: number, { weight, bias, output = false, regularised = true }: DenseOptions = {}): Layer {
  return (scope, x) => {
    const own = scope.next('dense');
    const inputs = x.shape[1];
    if (inputs === undefined || x.shape.length !== 2) {
      throw new ConfigurationError({
        subject: `dense(${units})`,
        what: `the input has shape [${x.shape.slice(1)}]`,
        remedy: 'put flatten() before it, or perPosition() around it',
      });
    }
    const pytorch = uniformForFanIn(inputs);
    const w = own.parameter('weight', [units, inputs], weight, {
      kind: output ? 'output' : 'matrix',
      regularised,
      pytorch,
    });
    const products = (b: ops.Tensor | undefined) => {
      const product = ops.matmul(x, w, { transposeB: true });
      return b === undefined ? product : ops.add(product, b);
    };
    return products(bias === false ? undefined : own.parameter('bias', [units], bias, { kind: 'bias', pytorch }));
  };
}

/** Applies a layer for [n, features] at every position of a sequence [n, positions, features] alike. */
export function perPosition(layer: Layer): Layer {
  return (scope, x) => {
    const [n = 0, positions = 0, ...features] = x.shape;
    if (features.length === 0) {
      throw new ConfigurationError({
        subject: 'perPosition',
        what: `the input has shape [${x.shape.slice(1)}]`,
        expected: '[positions, features]',
      });
    }
    const y = layer(scope, ops.reshape(x, [n * positions, ...features]));
    return ops.reshape(y, [n, positions, ...y.shape.slice(1)]);
  };
}
