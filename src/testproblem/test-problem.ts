import type { DatasetDefinition } from '../dataset/index.js';
import type { DType, Shape, Tensor } from '../tensor/index.js';
import type { Initialisation, ProblemChoice, Variant } from './choice.js';
import type { Initialiser } from './initialisers.js';
import type { NoiseDefinition } from './noise.js';
import type { Mode, ParameterKind } from './scope.js';
import type { ConstantDefinition, StateDefinition } from './trace.js';

/** A trainable tensor of a test problem. */
export interface ParameterDefinition {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initialiser;
  readonly kind: ParameterKind;
  /** Whether the L2 term includes it. */
  readonly regularised: boolean;
  /** Parameters of one group share α, w and λ in the preconditioner family; default: one group with everything. */
  readonly group: string;
}

/** How a test problem is built. */
export interface BuildOptions {
  /** λ of the term ½ λ Σ w² over the regularised parameters; 0, the default, leaves it out. */
  readonly l2Reg?: number;
  /** Default `train`. */
  readonly mode?: Mode;
}

/** A test problem on batches of one size, as symbolic tensors. */
export interface SymbolicProblem {
  readonly batchSize: number;
  /** The trainable tensors, in definition order. */
  readonly parameters: readonly Tensor[];
  /** Mean loss of the batch, the L2 term included. */
  readonly loss: Tensor;
  readonly accuracy: Tensor | null;
  /** The network's outputs that the loss sees (LossValues); empty where it is no function of such. */
  readonly outputs: readonly Tensor[];
  /** Further quantities that the loss reports, scalars. */
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** Values that go from minibatch to minibatch: inputs `modelState/<name>` of the programs. Empty for most problems. */
  readonly states: readonly StateDefinition[];
  /**
   * The states' values after one forward pass on the minibatch, by name. In evaluation only those that start anew with each
   * pass over a data set: running statistics are changed by training alone.
   */
  readonly nextStates: Readonly<Record<string, Tensor>>;
  /** Random numbers that are drawn for each minibatch: inputs `noise/<name>` of the programs. Empty for most problems. */
  readonly noises: readonly NoiseDefinition[];
}

/** A test problem: what is trained, on which data, with which loss. */
export interface TestProblem {
  readonly name: string;
  readonly description: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** The data set itself, where it is none of the registered ones; else null. */
  readonly ownDataset: DatasetDefinition | null;
  /** Shape of one example. */
  readonly inputShape: Shape;
  /** `int` for token numbers. */
  readonly inputType: Exclude<DType, 'bool'>;
  /** Shape of one example's labels: [] for one class number. */
  readonly labelShape: Shape;
  readonly defaults: { readonly batchSize: number; readonly numEpochs: number; readonly l2Reg: number | null };
  /** Which of DeepOBS' two lines this is; null where both have the same network, or none has it. */
  readonly variant: Variant | null;
  /** How it is initialised; null where PyTorch's layers would start with the same, or have no part in it. */
  readonly init: Initialisation | null;
  readonly parameters: readonly ParameterDefinition[];
  readonly parameterCount: number;
  readonly hasLabels: boolean;
  readonly hasAccuracy: boolean;
  /** Labels are 0 … classes − 1; null where there are none, or the loss takes any whole number. */
  readonly classes: number | null;
  /** Input tokens are 0 … vocabulary − 1; null where inputs are no tokens, or any whole number will do. */
  readonly vocabulary: number | null;
  readonly constants: Readonly<Record<string, ConstantDefinition>>;
  /**
   * The same test problem in another version; what is absent is the default. A version that differs in nothing is the default.
   * Throws ConfigurationError for PyTorch's initialisation of what has no layers, and for a line of DeepOBS that does not have it.
   */
  choose(choice: ProblemChoice): TestProblem;
  /** The loss on batches of this size. */
  build(batchSize: number, options?: BuildOptions): SymbolicProblem;
  /** Initial parameter values of a seed, in definition order; the same for every optimizer. */
  initialParameters(seed: number): Float32Array[];
}
