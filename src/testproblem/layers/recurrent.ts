import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import type { Initialiser } from '../initialisers.js';
import type { Layer, Scope } from '../scope.js';
import { uniformForFanIn } from './convolution.js';

/** A long short-term memory. */
export interface LstmOptions {
  /** Whether hidden and cell state go on in the next batch of the same pass over the data; else each starts at 0. Default. */
  readonly carried?: boolean;
  /** `both` matrices have a bias, as in PyTorch, or only `one` of them, that of the input, as in TensorFlow. Default both. */
  readonly biases?: 'both' | 'one';
  /** Added to the forget gate before its sigmoid: 1 in TensorFlow. Default 0. */
  readonly forgetBias?: number;
  readonly weight?: Initialiser;
  readonly bias?: Initialiser;
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997) over a sequence [n, positions, features] → [n, positions, units],
 * written out step by step. With z = W x + b + U h + d in PyTorch's order of gates i, f, g, o:
 * c ← σ(f) c + σ(i) tanh(g), h ← σ(o) tanh(c). Gradients end at the beginning of the batch.
 */
export function lstm(units: number, options: LstmOptions = {}): Layer {
  const { carried = true, biases = 'both', forgetBias = 0, weight, bias } = options;
  return (scope, x) => {
    const own = scope.next('lstm');
    const [n = 0, positions = 0, features] = x.shape;
    if (features === undefined || x.shape.length !== 3) {
      throw new ConfigurationError({
        subject: `lstm(${units})`,
        what: `the input has shape [${x.shape.slice(1)}]`,
        expected: '[positions, features]',
      });
    }
    const pytorch = uniformForFanIn(units);
    const affine = (name: string, inputs: number, biased = true) => {
      const part = own.child(name);
      const w = part.parameter('weight', [4 * units, inputs], weight, { kind: 'matrix', pytorch });
      const product = (values: ops.Tensor) => ops.matmul(values, w, { transposeB: true });
      if (!biased) return product;
      const b = part.parameter('bias', [4 * units], bias, { kind: 'bias', pytorch });
      return (values: ops.Tensor) => ops.add(product(values), b);
    };
    const [fromInput, fromHidden] = [affine('input', features), affine('hidden', units, biases === 'both')];
    const state = (name: string) => startOf(own, name, [n, units], carried);
    const [hidden, cell] = [state('hiddenState'), state('cellState')];
    let [h, c] = [hidden.value, cell.value];
    const projected = ops.reshape(fromInput(ops.reshape(x, [n * positions, features])), [n, positions, 4 * units]);
    const outputs = Array.from({ length: positions }, (_, position) => {
      const ofInput = ops.slice(projected, [0, position, 0], [n, position + 1, 4 * units]);
      const z = ops.add(ops.reshape(ofInput, [n, 4 * units]), fromHidden(h));
      const gate = (index: number) => ops.slice(z, [0, index * units], [n, (index + 1) * units]);
      const kept = forgetBias === 0 ? gate(1) : ops.add(gate(1), forgetBias);
      const [i, f, g, o] = [ops.sigmoid(gate(0)), ops.sigmoid(kept), ops.tanh(gate(2)), ops.sigmoid(gate(3))];
      c = ops.add(ops.multiply(f, c), ops.multiply(i, g));
      h = ops.multiply(o, ops.tanh(c));
      return ops.reshape(h, [n, 1, units]);
    });
    hidden.set(h);
    cell.set(c);
    return ops.concatenate(outputs, 1);
  };
}

/** A state that is carried from batch to batch, or zeros for each batch. */
function startOf(scope: Scope, name: string, shape: ops.Shape, carried: boolean) {
  return carried
    ? scope.state(name, shape, 0, { per: 'pass' })
    : { value: ops.zeros(shape), set: (_: ops.Tensor) => undefined };
}
