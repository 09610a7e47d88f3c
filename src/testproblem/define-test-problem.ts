import type { DatasetDefinition } from '../dataset/index.js';
import { ConfigurationError } from '../errors.js';
import { randomStream } from '../random/index.js';
import { add, dot, input, multiply, type Shape, sizeOf, type Tensor } from '../tensor/index.js';
import { option } from '../words.js';
import type { ProblemChoice, Variant } from './choice.js';
import type { Initialiser } from './initialisers.js';
import { sequential } from './layers/index.js';
import type { Loss, LossValues, SymbolicBatch } from './losses.js';
import { inputNames } from './names.js';
import type { Layer, Mode, ParameterKind, Scope } from './scope.js';
import type { ParameterDefinition, TestProblem } from './test-problem.js';
import { type ConstantDefinition, type Trace, traceModel } from './trace.js';
import { vocabularyOf } from './vocabulary.js';

/** Initialisers of parameters whose layer states none: by what they are in, or one for all weights. */
export interface InitialRules {
  /** Of kernels and matrices (embeddings and the last layer's included), or of each. */
  readonly weights: Initialiser | { readonly conv: Initialiser; readonly dense: Initialiser };
  readonly biases: Initialiser;
}

/** What every test problem states. */
interface CommonDefinition {
  /** DeepOBS' name. */
  readonly name: string;
  /** One sentence for `list testproblems`. */
  readonly description: string;
  /** The name of a registered data set, or one of your own: what `defineDataset` returns. */
  readonly dataset: string | DatasetDefinition;
  readonly defaults: { readonly batchSize: number; readonly numEpochs: number; readonly l2Reg?: number };
  /** Shape of one example: [channels, rows, columns] for images. */
  readonly inputShape: Shape;
  /** `int` for token numbers; default `float`. */
  readonly inputType?: 'float' | 'int';
  /** Shape of one example's labels; default [], one class number. */
  readonly labelShape?: Shape;
  readonly initial?: InitialRules;
  /**
   * Which of DeepOBS' two lines have this test problem, with one network for both. Without it: both where `tf` is given, else none, and
   * there are no variants to choose from.
   */
  readonly lines?: readonly Variant[];
  /** The parameter group of the layer at a path (`dense1`); default: one group. */
  readonly groups?: (layerPath: string) => string;
}

/** A network, as a layer or a list of layers that follow each other, and a loss on its outputs. */
export interface NetworkDefinition extends CommonDefinition {
  readonly network: Layer | readonly Layer[];
  readonly loss: Loss;
  /** Where DeepOBS' TensorFlow line differs from its PyTorch line, which the definition follows. */
  readonly tf?: Partial<Pick<NetworkDefinition, 'network' | 'loss' | 'initial'>>;
}

/** What a list cannot say: several heads, losses that see more than the outputs. */
export interface ModelDefinition extends CommonDefinition {
  readonly model: (scope: Scope, batch: SymbolicBatch) => LossValues;
  /** Where DeepOBS' TensorFlow line differs from its PyTorch line, which the definition follows. */
  readonly tf?: Partial<Pick<ModelDefinition, 'model' | 'initial'>>;
}

/** A parameter that is stated and not declared by a layer; its kind follows from its number of axes if none is given. */
export type StatedParameter = Omit<ParameterDefinition, 'group' | 'kind'> &
  Partial<Pick<ParameterDefinition, 'group' | 'kind'>>;

/** A loss on parameters directly. */
export interface FunctionDefinition extends CommonDefinition {
  readonly parameters: readonly StatedParameter[];
  readonly constants?: Readonly<Record<string, ConstantDefinition>>;
  readonly evaluate: (batch: {
    readonly inputs: Tensor;
    readonly parameters: readonly Tensor[];
    readonly constants: Readonly<Record<string, Tensor>>;
  }) => LossValues;
}

/** Everything that a test problem can be made of. */
export type TestProblemDefinition = NetworkDefinition | ModelDefinition | FunctionDefinition;

/** Batch size of the pass that finds out what a test problem declares; statistics of a single example need not exist. */
const declaringBatchSize = 2;

/** Makes a test problem of a definition: a network, a function of a scope and a batch, or a loss on parameters. */
export function defineTestProblem(definition: TestProblemDefinition): TestProblem {
  return problemOf(definition, {});
}

/** Refuses a variant of a test problem that this line of DeepOBS does not have. */
function checkVariant(definition: TestProblemDefinition, variant: Variant | undefined): void {
  if (variant === undefined || 'tf' in definition) return;
  const { name, lines = [] } = definition;
  if (lines.includes(variant)) return;
  const [only] = lines;
  throw new ConfigurationError({
    subject: option('variant', variant),
    what: only === undefined ? `${name} has no variants` : `DeepOBS has ${name} in its other line only`,
    remedy: only === undefined ? 'leave it out' : `expected ${only}, or leave it out`,
  });
}

/** The test problem in one of its versions. */
function problemOf(
  whole: TestProblemDefinition,
  { variant = 'pytorch', init = 'deepobs' }: ProblemChoice,
): TestProblem {
  const tf = 'tf' in whole ? whole.tf : undefined;
  const definition = variant === 'tf' && tf !== undefined ? { ...whole, ...tf } : whole;
  const { name, description, dataset, defaults, inputShape, inputType = 'float', labelShape = [] } = definition;
  const compute = modelOf(definition);
  const run = (batchSize: number, mode: Mode, known?: ReadonlyMap<string, Tensor>) => {
    const batch = new LazyBatch(batchSize, input(inputNames.inputs, [batchSize, ...inputShape], inputType), labelShape);
    const options = { mode, init, initialOf: initialOf(definition.initial), ...(known ? { parameters: known } : {}) };
    return { batch, traced: traceModel((scope) => compute(scope, batch), options) };
  };
  const declared = run(declaringBatchSize, 'train');
  const parameters = groupedParameters(definition, declared.traced);
  return {
    name,
    description,
    dataset: typeof dataset === 'string' ? dataset : dataset.name,
    ownDataset: typeof dataset === 'string' ? null : dataset,
    inputShape,
    inputType,
    labelShape,
    defaults: { ...defaults, l2Reg: defaults.l2Reg ?? null },
    variant: tf === undefined ? null : variant,
    init: declared.traced.parameters.some(({ unlikePytorch }) => unlikePytorch) ? init : null,
    parameters,
    parameterCount: parameters.reduce((count, { shape }) => count + sizeOf(shape), 0),
    hasLabels: declared.batch.hasLabels,
    hasAccuracy: declared.traced.result.accuracy != null,
    classes: declared.traced.result.classes ?? null,
    vocabulary: vocabularyOf(declared.batch.inputs, declared.traced),
    constants: Object.fromEntries(declared.traced.constants),
    choose: (choice) => {
      checkVariant(whole, choice.variant);
      if (
        choice.init === 'pytorch' &&
        declared.traced.parameters.every(({ unlikePytorch }) => unlikePytorch === null)
      ) {
        throw new ConfigurationError({
          subject: option('init', 'pytorch'),
          what: `${name} has no layers that PyTorch initialises`,
          remedy: 'expected deepobs',
        });
      }
      return problemOf(whole, choice);
    },
    build: (batchSize, { l2Reg = 0, mode = 'train' } = {}) => {
      const known = new Map(parameters.map((own) => [own.name, input(inputNames.parameter(own.name), own.shape)]));
      const { result, states, nextStates, noises } = run(batchSize, mode, known).traced;
      const weights = parameters.flatMap((own) => (own.regularised ? (known.get(own.name) ?? []) : []));
      return {
        batchSize,
        parameters: [...known.values()],
        loss: withL2Term(result.loss, weights, l2Reg),
        accuracy: result.accuracy ?? null,
        outputs: result.outputs ?? [],
        metrics: furtherMetrics(name, result.metrics ?? {}),
        states,
        nextStates,
        noises,
      };
    },
    initialParameters: (seed) =>
      parameters.map((own) => own.initial(randomStream(seed, 'parameters', own.name), own.shape)),
  };
}

/** Curves are called by the evaluated set and these names; two are taken. Throws ConfigurationError. */
function furtherMetrics(problem: string, metrics: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> {
  const wrong = Object.keys(metrics).find((name) => !/^[a-z]\w*$/i.test(name) || /^(losses|accuracies)$/.test(name));
  if (wrong === undefined) return metrics;
  throw new ConfigurationError({
    subject: problem,
    what: `its loss reports a metric ${JSON.stringify(wrong)}`,
    remedy: 'expected a name of letters, digits and _, other than losses and accuracies',
  });
}

/** A batch whose labels become an input of the program when they are first asked for. */
class LazyBatch implements SymbolicBatch {
  readonly size: number;
  readonly inputs: Tensor;
  readonly #labelShape: Shape;
  #labels: Tensor | undefined;

  constructor(size: number, inputs: Tensor, labelShape: Shape) {
    this.size = size;
    this.inputs = inputs;
    this.#labelShape = labelShape;
  }

  get labels(): Tensor {
    this.#labels ??= input(inputNames.labels, [this.size, ...this.#labelShape], 'int');
    return this.#labels;
  }

  get hasLabels(): boolean {
    return this.#labels !== undefined;
  }
}

function modelOf(definition: TestProblemDefinition): ModelDefinition['model'] {
  if ('model' in definition) return definition.model;
  if ('network' in definition) {
    const { network, loss } = definition;
    const layer = typeof network === 'function' ? network : sequential(network);
    return (scope, batch) => {
      const outputs = layer(scope, batch.inputs);
      return { outputs: [outputs], ...loss(outputs, batch) };
    };
  }
  const { parameters, constants = {}, evaluate } = definition;
  return (scope, { inputs }) =>
    evaluate({
      inputs,
      parameters: parameters.map(({ name, shape, initial, regularised, kind = kindOf(shape) }) =>
        scope.parameter(name, shape, initial, { kind, regularised }),
      ),
      constants: Object.fromEntries(
        Object.entries(constants).map(([name, { shape, data }]) => [name, scope.constant(name, shape, data)]),
      ),
    });
}

/** The kind of a parameter that does not say it: by its number of axes. */
function kindOf(shape: Shape): ParameterKind {
  if (shape.length < 2) return 'bias';
  return shape.length === 2 ? 'matrix' : 'kernel';
}

function initialOf(rules: InitialRules | undefined): (kind: ParameterKind) => Initialiser | undefined {
  return (kind) => {
    if (rules === undefined || kind === 'gain') return undefined;
    const { weights, biases } = rules;
    if (kind === 'bias') return biases;
    if (typeof weights === 'function') return weights;
    return kind === 'kernel' ? weights.conv : weights.dense;
  };
}

function groupedParameters(definition: TestProblemDefinition, traced: Trace<LossValues>): ParameterDefinition[] {
  const stated = 'parameters' in definition ? definition.parameters : [];
  if (traced.parameters.length === 0)
    throw new ConfigurationError({ subject: definition.name, found: 'no parameters to train' });
  return traced.parameters.map(({ tensor: _, unlikePytorch: __, scope, ...parameter }) => {
    const own = stated.find(({ name }) => name === parameter.name)?.group;
    return { ...parameter, group: own ?? definition.groups?.(scope) ?? 'all' };
  });
}

/** loss + ½ λ Σ w² over the weights. */
function withL2Term(loss: Tensor, weights: readonly Tensor[], l2Reg: number): Tensor {
  if (l2Reg === 0 || weights.length === 0) return loss;
  const squares = weights.map((weight) => dot(weight, weight));
  return add(loss, multiply(squares.reduce(add), 0.5 * l2Reg));
}
