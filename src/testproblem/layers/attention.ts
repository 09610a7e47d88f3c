import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import { constantValue, type Initialiser, uniformValues } from '../initialisers.js';
import type { Layer, Scope } from '../scope.js';
import { gelu } from './activations.js';
import { residual, sequential } from './compose.js';
import { uniformForFanIn } from './convolution.js';
import { dense, perPosition } from './dense.js';
import { layerNorm } from './normalisation.js';

/** Attention of a sequence to itself. */
export interface AttentionOptions {
  readonly heads: number;
  /** Whether a position sees only itself and those before it. Default yes. */
  readonly causal?: boolean;
  readonly weight?: Initialiser;
  readonly bias?: Initialiser;
}

/** Added to the score of a position that must not be seen: its softmax is exactly 0 in single and in double precision. */
const hidden = -1e9;

/**
 * Multi-head attention of a sequence [n, positions, features] to itself (Vaswani et al. 2017), with matrices and biases for
 * query, key, value and output.
 */
export function selfAttention({ heads, causal = true, weight, bias }: AttentionOptions): Layer {
  return (scope, x) => {
    const own = scope.next('attention');
    const [n = 0, positions = 0, features] = x.shape;
    if (features === undefined || x.shape.length !== 3 || features % heads !== 0) {
      throw new ConfigurationError({
        subject: 'selfAttention',
        what: `the input has shape [${x.shape.slice(1)}]`,
        expected: `[positions, features] with features a multiple of ${heads}`,
      });
    }
    const width = features / heads;
    const rows = ops.reshape(x, [n * positions, features]);
    const affine = (name: string, values: ops.Tensor, pytorch = asOneMatrix) =>
      affineIn(own.child(name), values, features, { weight, bias, pytorch });
    /** [n · heads, positions, width]. */
    const perHead = (name: string) => {
      const split = ops.reshape(affine(name, rows), [n, positions, heads, width]);
      return ops.reshape(ops.transpose(split, [0, 2, 1, 3]), [n * heads, positions, width]);
    };
    const [query, key, value] = [perHead('query'), perHead('key'), perHead('value')];
    const products = ops.multiply(ops.matmul(query, key, { transposeB: true }), 1 / Math.sqrt(width));
    const scores = causal
      ? ops.add(products, own.constant('mask', [positions, positions], causalMask(positions)))
      : products;
    const weights = ops.softmax(ops.reshape(scores, [n * heads * positions, positions]));
    const seen = ops.matmul(ops.reshape(weights, [n * heads, positions, positions]), value);
    const joined = ops.transpose(ops.reshape(seen, [n, heads, positions, width]), [0, 2, 1, 3]);
    const result = affine('output', ops.reshape(joined, [n * positions, features]), uniformForFanIn);
    return ops.reshape(result, [n, positions, features]);
  };
}

/** PyTorch initialises the matrices of query, key and value as one of three times the rows, Xavier uniform. */
function asOneMatrix(features: number): Initialiser {
  return uniformValues(Math.sqrt(6 / (4 * features)));
}

function affineIn(
  scope: Scope,
  x: ops.Tensor,
  units: number,
  {
    weight,
    bias,
    pytorch,
  }: Pick<AttentionOptions, 'weight' | 'bias'> & {
    readonly pytorch: (features: number) => Initialiser;
  },
): ops.Tensor {
  const features = ops.lengthOf(x, 1);
  const w = scope.parameter('weight', [units, features], weight, { kind: 'matrix', pytorch: pytorch(features) });
  const b = scope.parameter('bias', [units], bias, { kind: 'bias', pytorch: constantValue(0) });
  return ops.add(ops.matmul(x, w, { transposeB: true }), b);
}

function causalMask(positions: number): () => Float32Array {
  return () =>
    Float32Array.from({ length: positions ** 2 }, (_, place) =>
      place % positions > Math.floor(place / positions) ? hidden : 0,
    );
}

/**
 * A block of a transformer with normalisation first: x + attention(norm(x)), then y + dense(gelu(dense(norm(y)))) with
 * `hiddenUnits` in between.
 */
export function transformerBlock({
  hiddenUnits,
  ...attention
}: AttentionOptions & { readonly hiddenUnits: number }): Layer {
  const { weight, bias } = attention;
  const rules = { ...(weight ? { weight } : {}), ...(bias ? { bias } : {}) };
  return (scope, x) => {
    const own = scope.next('block');
    const features = ops.lengthOf(x, -1);
    const feedForward = perPosition(sequential([dense(hiddenUnits, rules), gelu(), dense(features, rules)]));
    return sequential([
      residual(sequential([layerNorm(), selfAttention(attention)])),
      residual(sequential([layerNorm(), feedForward])),
    ])(own, x);
  };
}
