import type { Engine, TensorData, Value } from '../engine/index.js';
import type { RandomStream } from '../random/index.js';
import type { ParameterKind, SymbolicProblem } from '../testproblem/index.js';
import type { EvaluationCounts } from './evaluation-counts.js';
import type { HyperparameterValue } from './hyperparameters.js';
import type { TrainingRandom } from './training-random.js';

/** Resolved hyperparameters by name. */
export type Hyperparameters = Readonly<Record<string, HyperparameterValue>>;

/** A minibatch on the engine: the values of the program inputs `inputs` and `labels`, and of its noise where it has any. */
export type BatchFeeds = Readonly<Record<string, Value>>;

/** What an optimizer works on; `trainingTask` makes one. */
export interface TrainingTask {
  readonly engine: Engine;
  /** The test problem on training batches. */
  readonly problem: SymbolicProblem;
  readonly parameterNames: readonly string[];
  /** What each parameter is in the network. */
  readonly kinds: readonly ParameterKind[];
  /** The parameter group of each parameter. */
  readonly groups: readonly string[];
  /** Values of the test problem's constants, fed to every program that uses them. */
  readonly constants: BatchFeeds;
  readonly initialParameters: readonly Value[];
  readonly stepsPerEpoch: number;
  /** The run's stream of random numbers of this name: the same whenever it is asked for. A child for each step has others. */
  stream(name: string): RandomStream;
  /**
   * A stream of random numbers of the run's seed, by a name of the optimizer's choice, for instance `random('probes')`. It
   * may be kept: with each step it starts anew, keyed by name, epoch and step, so that a resumed run draws the same numbers.
   */
  random(name: string): TrainingRandom;
}

/** Everything that a training needs to go on later: named arrays, and plain data. */
export interface TrainingState {
  readonly arrays: Readonly<Record<string, TensorData>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * What a preconditioner does to the gradient of some parameters together: P = I + Uᵀ diag(change) U with orthonormal or zero
 * rows of U.
 */
export interface PreconditionerBlock {
  /** The parameters' places in the definition. */
  readonly parameters: readonly number[];
  /** For each of them its part of the rows, [r, N], N the parameter's number of elements. */
  readonly u: readonly Value[];
  /** [1, r]: f(σ) − 1. */
  readonly change: Value;
}

/** A training in progress: an optimizer at work on a test problem. */
export interface Training {
  /** The current parameter values, in definition order; valid until the next step. */
  readonly parameters: readonly Value[];
  /** The values of the test problem's states by the names of their inputs: running statistics, for instance. */
  readonly modelStates?: BatchFeeds;
  /** The parameters at which to evaluate now, where that is another point than the training point; else absent. */
  evaluationPoint?(): Promise<readonly Value[]>;
  /**
   * The preconditioner that the next step applies, by blocks of parameters; parameters without one are in none. Null while
   * there is none. Valid until the next step.
   */
  preconditioner?(): readonly PreconditionerBlock[] | null;
  /** Gradients, products and losses evaluated since training began. */
  readonly evaluations?: Readonly<EvaluationCounts>;
  /** Seconds spent on compiling programs so far. */
  readonly compileSeconds: number;
  /** Called before the first step of each epoch (0-based) with the factor that the learning-rate schedule gives. */
  beginEpoch(epoch: number, lrFactor: number): Promise<void>;
  /**
   * Called instead, after `restore`, where the state was saved within this epoch: what beginEpoch does besides remembering its
   * arguments is part of the state. Absent: the training is saved between epochs only.
   */
  continueEpoch?(epoch: number, lrFactor: number): Promise<void>;
  /**
   * Called before a step in which the schedule's factor is another one than before. Without it the optimizer can be scheduled
   * by the epoch only.
   */
  scaleLearningRate?(factor: number): void;
  /**
   * Goes on from these parameters, with everything else as it is. Absent where nothing may move the parameters from outside.
   */
  moveTo?(parameters: readonly Value[]): void;
  /** Uses one minibatch; returns its loss before the step. Never throws for a non-finite loss. */
  step(batch: BatchFeeds): Promise<number>;
  /** What the optimizer wants the run file to keep of the epoch, or null. */
  endEpoch(): Promise<Readonly<Record<string, unknown>> | null>;
  /** A few words for the progress line, or null. */
  note(): string | null;
  /** Everything that the next step depends on; between two epochs, with `continueEpoch` also between two steps. */
  save(): Promise<TrainingState>;
  restore(state: TrainingState): Promise<void>;
}
