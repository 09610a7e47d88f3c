import type { Shape, Tensor } from '../tensor/index.js';
import type { Initialiser } from './initialisers.js';
import type { Distribution } from './noise.js';

/** Training, or evaluation: dropout and batch normalisation differ between them. */
export type Mode = 'train' | 'eval';

/**
 * What a parameter is for; optimizers may treat kinds differently. `output` is the matrix of a network's last layer, `gain`
 * a factor per channel as in batch normalisation.
 */
export type ParameterKind = 'matrix' | 'kernel' | 'bias' | 'gain' | 'embedding' | 'output';

/** What else a layer says of a parameter. */
export interface ParameterOptions {
  readonly kind: ParameterKind;
  /** Whether the L2 term includes it; default: all kinds but biases and gains. */
  readonly regularised?: boolean;
  /** What PyTorch's layer of this kind starts with: for `init: 'pytorch'`, and where nothing else is stated. */
  readonly pytorch?: Initialiser;
}

/** What else a layer says of a state. */
export interface StateOptions {
  /**
   * `run`: kept over the whole run and changed by training only, as running statistics are. `pass`: set to its initial value
   * before each pass over a data set (an epoch of training, an evaluation) and carried from batch to batch in both modes, as
   * the state of a recurrent network is. Default `run`.
   */
  readonly per?: 'run' | 'pass';
}

/** A value that goes from one minibatch to the next. */
export interface StateCell {
  /** The value before this minibatch. */
  readonly value: Tensor;
  /** States the value after it. Without this, the value stays. In evaluation, states `per: 'run'` keep theirs all the same. */
  set(next: Tensor): void;
}

/**
 * Where a layer declares what it needs while it is applied. Names are paths: what is declared as `weight` in the scope
 * `group1.conv2` is called `group1.conv2.weight`. Each name is declared once; to share a tensor, declare it once and use it
 * twice. Declarations must not depend on the mode's values or on the batch size, states and noise excepted.
 */
export interface Scope {
  readonly mode: Mode;
  /** The path of this scope; empty at the top. */
  readonly path: string;
  /** The scope `name` inside this one. */
  child(name: string): Scope;
  /** The next scope of a kind inside this one: `conv1`, `conv2`, … */
  next(kind: string): Scope;
  /**
   * A trainable tensor. Without an initialiser it gets the one that the test problem states for its kind, else PyTorch's.
   * Throws ConfigurationError if there is none.
   */
  parameter(name: string, shape: Shape, initial: Initialiser | undefined, options: ParameterOptions): Tensor;
  /** A fixed tensor that is more than one repeated number. */
  constant(name: string, shape: Shape, data: () => Float32Array): Tensor;
  /** A value that is carried from minibatch to minibatch, filled with `initial` at first. It has no derivative. */
  state(name: string, shape: Shape, initial: number, options?: StateOptions): StateCell;
  /** Random numbers, drawn anew for each minibatch and the same for everything that is computed on one minibatch. */
  noise(name: string, shape: Shape, distribution: Distribution): Tensor;
}

/** One step of a network: declares what it needs and computes. Batches have the examples along their first axis. */
export type Layer = (scope: Scope, x: Tensor) => Tensor;
