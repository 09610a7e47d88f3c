import { type RandomStream, randomStream } from '../random/index.js';
import { add, dot, input, multiply, type Shape, sizeOf, type Tensor } from '../tensor/index.js';
import type { Initialiser } from './initialisers.js';
import type { Layer } from './layers.js';
import type { Loss, LossAndAccuracy } from './losses.js';

/** A trainable tensor of a test problem. */
export interface ParameterDefinition {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initialiser;
  /** Whether the L2 term includes it. */
  readonly regularised: boolean;
  /** Parameters of one group share α, w and λ in the preconditioner family; default: one group with everything. */
  readonly group: string;
}

/** A fixed tensor that the loss needs. */
export interface ConstantDefinition {
  readonly shape: Shape;
  readonly data: () => Float32Array;
}

/** What every test problem states. */
interface CommonDefinition {
  /** DeepOBS' name. */
  readonly name: string;
  /** One sentence for `list testproblems`. */
  readonly description: string;
  readonly dataset: string;
  readonly defaults: { readonly batchSize: number; readonly numEpochs: number; readonly l2Reg?: number };
}

/** A network on one of the image data sets. */
export interface NetworkDefinition extends CommonDefinition {
  /** Shape of one example, [channels, rows, columns]. */
  readonly inputShape: Shape;
  readonly network: readonly Layer[];
  readonly initial: {
    readonly weights: Initialiser | { readonly conv: Initialiser; readonly dense: Initialiser };
    readonly biases: Initialiser;
  };
  readonly loss: Loss;
  /** The parameter group of each layer with parameters; default: one group. */
  readonly groups?: (layerName: string) => string;
}

/** A loss on parameters directly. */
export interface FunctionDefinition extends CommonDefinition {
  readonly inputShape: Shape;
  readonly parameters: readonly (Omit<ParameterDefinition, 'group'> & { readonly group?: string })[];
  readonly constants?: Readonly<Record<string, ConstantDefinition>>;
  readonly evaluate: (batch: {
    readonly inputs: Tensor;
    readonly parameters: readonly Tensor[];
    readonly constants: Readonly<Record<string, Tensor>>;
  }) => LossAndAccuracy;
}

/** Names of the inputs of every program on a test problem. */
export const inputNames = {
  inputs: 'inputs',
  labels: 'labels',
  parameter: (name: string) => `parameter/${name}`,
  constant: (name: string) => `constant/${name}`,
} as const;

/** A test problem on batches of one size, as symbolic tensors. */
export interface SymbolicProblem {
  readonly batchSize: number;
  /** The trainable tensors, in definition order. */
  readonly parameters: readonly Tensor[];
  /** Mean loss of the batch, the L2 term included. */
  readonly loss: Tensor;
  readonly accuracy: Tensor | null;
}

/** A test problem: what is trained, on which data, with which loss. */
export interface TestProblem {
  readonly name: string;
  readonly description: string;
  readonly dataset: string;
  readonly inputShape: Shape;
  readonly defaults: { readonly batchSize: number; readonly numEpochs: number; readonly l2Reg: number | null };
  readonly parameters: readonly ParameterDefinition[];
  readonly parameterCount: number;
  readonly hasLabels: boolean;
  readonly hasAccuracy: boolean;
  /** Labels are 0 … classes − 1; null where there are none, or the loss takes any whole number. */
  readonly classes: number | null;
  readonly constants: Readonly<Record<string, ConstantDefinition>>;
  /** The loss on batches of this size. `l2Reg` is λ of the term ½ λ Σ w² over the weights; 0 leaves it out. */
  build(batchSize: number, options?: { readonly l2Reg?: number }): SymbolicProblem;
  /** Initial parameter values of a seed, in definition order; the same for every optimizer. */
  initialParameters(seed: number): Float32Array[];
}

/** Makes a test problem of a definition: a network on images, or a loss on parameters. */
export function defineTestProblem(definition: NetworkDefinition | FunctionDefinition): TestProblem {
  const core = 'network' in definition ? networkCore(definition) : functionCore(definition);
  const { name, description, dataset, defaults, inputShape } = definition;
  return {
    name,
    description,
    dataset,
    inputShape,
    defaults: { ...defaults, l2Reg: defaults.l2Reg ?? null },
    ...core,
    parameterCount: core.parameters.reduce((count, { shape }) => count + sizeOf(shape), 0),
    build: (batchSize, { l2Reg = 0 } = {}) => {
      const parameters = core.parameters.map((parameter) =>
        input(inputNames.parameter(parameter.name), parameter.shape),
      );
      const { loss, accuracy } = core.evaluate(batchSize, parameters);
      const weights = parameters.filter((_, index) => core.parameters[index]?.regularised);
      return { batchSize, parameters, loss: withL2Term(loss, weights, l2Reg), accuracy };
    },
    initialParameters: (seed) =>
      core.parameters.map((parameter) => parameter.initial(parameterStream(seed, parameter.name), parameter.shape)),
  };
}

function parameterStream(seed: number, name: string): RandomStream {
  return randomStream(seed, 'parameters', name);
}

/** loss + ½ λ Σ w² over the weights. */
function withL2Term(loss: Tensor, weights: readonly Tensor[], l2Reg: number): Tensor {
  if (l2Reg === 0 || weights.length === 0) return loss;
  const squares = weights.map((weight) => dot(weight, weight));
  return add(loss, multiply(squares.reduce(add), 0.5 * l2Reg));
}

interface Core {
  readonly parameters: readonly ParameterDefinition[];
  readonly hasLabels: boolean;
  readonly hasAccuracy: boolean;
  readonly classes: number | null;
  readonly constants: Readonly<Record<string, ConstantDefinition>>;
  evaluate(batchSize: number, parameters: readonly Tensor[]): LossAndAccuracy;
}

function networkCore(definition: NetworkDefinition): Core {
  const { weights, biases } = definition.initial;
  const layers = namedLayers(definition.network);
  const parameters: ParameterDefinition[] = [];
  const slots: { layer: Layer; count: number }[] = [];
  let example = input('example', [1, ...definition.inputShape]);
  for (const { layer, name } of layers) {
    const wanted = layer.parameters(example.shape.slice(1));
    slots.push({ layer, count: wanted.length });
    for (const { role, shape } of wanted) {
      const initial =
        role === 'bias'
          ? biases
          : typeof weights === 'function'
            ? weights
            : layer.kind === 'conv'
              ? weights.conv
              : weights.dense;
      const group = definition.groups?.(name) ?? 'all';
      parameters.push({ name: `${name}.${role}`, shape, initial, regularised: role === 'weight', group });
    }
    example = layer.apply(
      example,
      wanted.map(({ role, shape }) => input(role, shape)),
    );
  }
  return {
    parameters,
    hasLabels: true,
    hasAccuracy: definition.loss.apply(example, input('labels', [1], 'int')).accuracy !== null,
    classes: definition.loss.classes?.(example) ?? null,
    constants: {},
    evaluate: (batchSize, tensors) => {
      let next = 0;
      const outputs = slots.reduce(
        (x, { layer, count }) => {
          const own = tensors.slice(next, next + count);
          next += count;
          return layer.apply(x, own);
        },
        input(inputNames.inputs, [batchSize, ...definition.inputShape]),
      );
      return definition.loss.apply(outputs, input(inputNames.labels, [batchSize], 'int'));
    },
  };
}

/** conv1, conv2, dense1, …: each layer's kind with its number among its kind. */
function namedLayers(network: readonly Layer[]): { layer: Layer; name: string }[] {
  const counts = new Map<string, number>();
  return network.map((layer) => {
    const count = (counts.get(layer.kind) ?? 0) + 1;
    counts.set(layer.kind, count);
    return { layer, name: `${layer.kind}${count}` };
  });
}

function functionCore(definition: FunctionDefinition): Core {
  const constants = definition.constants ?? {};
  const evaluate = (batchSize: number, parameters: readonly Tensor[]) =>
    definition.evaluate({
      inputs: input(inputNames.inputs, [batchSize, ...definition.inputShape]),
      parameters,
      constants: Object.fromEntries(
        Object.entries(constants).map(([name, { shape }]) => [name, input(inputNames.constant(name), shape)]),
      ),
    });
  const parameters = definition.parameters.map((parameter) => ({ group: 'all', ...parameter }));
  const probe = evaluate(
    1,
    parameters.map(({ name, shape }) => input(name, shape)),
  );
  const hasAccuracy = probe.accuracy !== null;
  return { parameters, hasLabels: false, hasAccuracy, classes: null, constants, evaluate };
}
