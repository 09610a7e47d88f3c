import type { ParameterKind } from '../../testproblem/index.js';
import type { ProbeDistribution } from '../update-context.js';
import type { Minibatch } from './minibatch.js';
import type { Vector, VectorAlgebra } from './vectors.js';

/** What a rule on the host may look at. */
export interface HostContext {
  readonly vectors: VectorAlgebra;
  /** θ, before the step. */
  readonly parameters: Vector;
  readonly names: readonly string[];
  readonly kinds: readonly ParameterKind[];
  /** Minibatches per epoch. */
  readonly stepsPerEpoch: number;
  /** t = 1, 2, …; 0 before the first step. */
  readonly t: number;
  /** The learning rate times the schedule's factor; null where the optimizer has none. */
  readonly learningRate: number | null;
  /** A random vector from the run's stream of this name: another one in each step, the same again after a resume. */
  random(name: string, distribution: ProbeDistribution): Vector;
  /** Keeps a number in the run file's optimizer_log: the epoch's last one, or one of each step. */
  log(name: string, value: number, per?: 'epoch' | 'step'): void;
}

/** What a step made. */
export interface HostUpdate<S> {
  /** The minibatch's loss before the step. */
  readonly loss: number;
  readonly parameters: Vector;
  /**
   * Values, numbers and plain data, nested as one likes: what the next step is given, and what a checkpoint keeps. Absent
   * where the rule has none.
   */
  readonly state?: S;
}

/** An optimizer's steps as functions on the host, which call functions on the engine: for loops and decisions in a step. */
export interface HostRule<S> {
  /** The state before the first step; default: undefined. */
  init?(context: HostContext): S | Promise<S>;
  step(context: HostContext & { readonly minibatch: Minibatch }, state: S): Promise<HostUpdate<S>>;
  /** The point at which the run evaluates; absent where it is the training point. */
  evaluationPoint?(context: HostContext, state: S): Vector | Promise<Vector>;
}
