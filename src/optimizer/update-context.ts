import type { Shape, Tensor } from '../tensor/index.js';
import type { ParameterKind } from '../testproblem/index.js';
import type { HostFunction } from './host-function.js';

/** Distributions of random tensors: ±1 with probability ½ each, or standard normal numbers. */
export type ProbeDistribution = 'rademacher' | 'normal';

/** What a transformation knows before the first step. */
export interface InitContext {
  /** The parameters' names, in definition order. */
  readonly names: readonly string[];
  /** What each parameter is: a matrix, a convolution's kernel, a bias, … */
  readonly kinds: readonly ParameterKind[];
  /** Minibatches per epoch. */
  readonly stepsPerEpoch: number;
  /**
   * A random tensor from the run's stream of this name: in every step another one, the same again after a resume, and
   * nothing that another name, the data or the initial parameters draw from.
   */
  random(name: string, distribution: ProbeDistribution, shape: Shape): Tensor;
}

/** Loss and gradients at a point, on the minibatch of the step. */
export interface LossAndGradients {
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
}

/** What a transformation may look at, and ask for, besides the updates. Spread it to give a part its own state. */
export interface UpdateContext<S> extends InitContext {
  readonly state: S;
  /** θ, before the update. */
  readonly parameters: readonly Tensor[];
  /** The minibatch's mean loss at θ, the L2 term included; a scalar. */
  readonly loss: Tensor;
  /** t = 1, 2, … since the state was made; a scalar. */
  readonly step: Tensor;
  /** The hyperparameter that the optimizer declares as its learning rate, times the schedule's factor; null without one. */
  readonly learningRate: Tensor | null;
  /** A scalar that the host computes for step t = 1, 2, … in double precision, such as a bias correction. */
  scalar(value: (t: number) => number): Tensor;
  /**
   * Whether something is so in step t, known when the step's program is made: what is asked for only where it is true
   * costs nothing in the other steps. Each combination of answers has a program of its own.
   */
  when(condition: (t: number) => boolean): boolean;
  /** The minibatch's loss at another point. */
  lossAt(point: readonly Tensor[]): Tensor;
  /** The minibatch's loss and gradients at another point, through which nothing is differentiated. */
  gradientsAt(point: readonly Tensor[]): LossAndGradients;
  /** The exact product of the Hessian of the minibatch's loss with a vector, at θ or at another point. */
  hessianVectorProduct(vector: readonly Tensor[], point?: readonly Tensor[]): Tensor[];
  /**
   * Tensors of the given shapes that a function computes on the host from others, in the middle of the step: for
   * eigenvectors, factorizations and small systems of equations. Not differentiated.
   */
  onHost(inputs: readonly Tensor[], shapes: readonly Shape[], compute: HostFunction): Tensor[];
  /**
   * Keeps a scalar in the run file's optimizer_log under a name: its value in the last step of each epoch, or a list with
   * the value of each step.
   */
  log(name: string, scalar: Tensor, per?: 'epoch' | 'step'): void;
}
