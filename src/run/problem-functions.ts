import {
  compileFunction,
  type Engine,
  openEngine,
  placeholders,
  type TensorData,
  type Value,
} from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { at } from '../expect.js';
import { constantValues } from '../optimizer/index.js';
import { gradients, hessianVectorProduct, sizeOf } from '../tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  inputNames,
  type Layer,
  type Mode,
  type SymbolicProblem,
  softmaxCrossEntropy,
  type TestProblem,
  xavierNormal,
} from '../testproblem/index.js';
import { correctCount } from './evaluation.js';
import { expectSize, type MinibatchValues, minibatchFeeds } from './minibatch-values.js';

/** Examples for a test problem: inputs in row-major order (images NCHW), integer labels where the problem has them. */
export interface Examples {
  readonly inputs: TensorData;
  readonly labels?: ArrayLike<number> | null;
}

/** A list with one array for each parameter of a test problem, in definition order and PyTorch's layouts. */
export type ParameterArrays = readonly TensorData[];

/** The functions of a test problem on batches of one size, on plain arrays. */
export interface ProblemFunctions {
  readonly problem: TestProblem;
  readonly batchSize: number;
  /** Mean loss of the batch, L2 term included; where the problem has one the accuracy, an exact fraction; further metrics by name. */
  loss(
    parameters: ParameterArrays,
    examples: Examples,
    values?: MinibatchValues,
  ): Promise<{ loss: number; accuracy: number | null; metrics: Record<string, number> }>;
  /** The states after the minibatch, by name; in evaluation only those that belong to a pass over the data. */
  nextStates(
    parameters: ParameterArrays,
    examples: Examples,
    values?: MinibatchValues,
  ): Promise<Record<string, TensorData>>;
  /** Loss and exact gradient. */
  gradient(
    parameters: ParameterArrays,
    examples: Examples,
    values?: MinibatchValues,
  ): Promise<{ loss: number; gradient: TensorData[] }>;
  /** Loss, exact gradient and exact product of the Hessian with `vector` (arrays like the parameters). */
  hessianVectorProduct(
    parameters: ParameterArrays,
    examples: Examples,
    vector: ParameterArrays,
    values?: MinibatchValues,
  ): Promise<{ loss: number; gradient: TensorData[]; product: TensorData[] }>;
  /** Frees the engine, unless it was passed in. */
  dispose(): Promise<void>;
}

/** A network given as a layer or a list of them, as a test problem that is not registered: mean softmax cross entropy. */
export function networkProblem(options: {
  readonly inputShape: readonly number[];
  readonly network: Layer | readonly Layer[];
}): TestProblem {
  return defineTestProblem({
    name: 'network',
    description: 'a network given as a layer list',
    dataset: 'none',
    defaults: { batchSize: 128, numEpochs: 1 },
    initial: { weights: xavierNormal(), biases: constantValue(0) },
    loss: softmaxCrossEntropy(),
    ...options,
  });
}

/**
 * Loss, gradient and Hessian-vector product of a test problem as functions of plain arrays. Programs are compiled when
 * they are first needed. Throws ConfigurationError where an array does not have the size that the problem states, and for a
 * label that is none of its classes.
 */
export async function openProblem(
  problem: TestProblem,
  options: {
    readonly batchSize?: number;
    readonly l2Reg?: number;
    readonly engine?: Engine;
    /** Default `train`. */
    readonly mode?: Mode;
    /** Of the noise where none is given; default 0. */
    readonly seed?: number;
  } = {},
): Promise<ProblemFunctions> {
  const engine = options.engine ?? (await openEngine());
  const batchSize = options.batchSize ?? problem.defaults.batchSize;
  const { mode = 'train', seed = 0 } = options;
  const symbolic = problem.build(batchSize, { l2Reg: options.l2Reg ?? problem.defaults.l2Reg ?? 0, mode });
  const compiled = problemPrograms(engine, symbolic);
  const constants = constantValues(engine, problem);

  const uploaded = (what: string, arrays: ParameterArrays): Value[] =>
    problem.parameters.map(({ name, shape }, index) =>
      engine.upload(expectSize(`${what} ${name}`, arrays[index], sizeOf(shape)), shape),
    );
  const feedsOfMinibatch = ({ inputs, labels }: Examples, values: MinibatchValues = {}): Record<string, Value> => {
    const shape = [batchSize, ...problem.inputShape];
    const numbers = expectSize('inputs', inputs, sizeOf(shape));
    const feeds = {
      ...constants,
      ...minibatchFeeds(engine, symbolic, values, seed),
      [inputNames.inputs]: engine.upload(numbers, shape, problem.inputType),
    };
    if (!problem.hasLabels) return feeds;
    const labelShape = [batchSize, ...problem.labelShape];
    const integers = Int32Array.from(expectLabels(problem, labels ?? undefined, sizeOf(labelShape)));
    return { ...feeds, [inputNames.labels]: engine.upload(integers, labelShape) };
  };
  const scalar = async (value: Value) => at(await engine.download(value), 0);
  const downloaded = async (values: readonly Value[]) => {
    const arrays: TensorData[] = [];
    for (const value of values) arrays.push(await engine.download(value));
    return arrays;
  };

  return {
    problem,
    batchSize,
    async loss(at, examples, values) {
      const parameters = uploaded('parameter', at);
      const found = await (await compiled.loss()).run({ parameters }, feedsOfMinibatch(examples, values));
      const labels = batchSize * sizeOf(problem.labelShape);
      const [right] = found.accuracy;
      const metrics: Record<string, number> = {};
      for (const [name, value] of Object.entries(found.metrics)) metrics[name] = await scalar(value);
      return {
        loss: await scalar(found.loss),
        accuracy: right === undefined ? null : correctCount(await scalar(right), labels) / labels,
        metrics,
      };
    },
    async nextStates(at, examples, values) {
      const parameters = uploaded('parameter', at);
      const found = await (await compiled.states()).run({ parameters }, feedsOfMinibatch(examples, values));
      const states: Record<string, TensorData> = {};
      for (const [name, value] of Object.entries(found)) states[name] = await engine.download(value);
      return states;
    },
    async gradient(at, examples, values) {
      const parameters = uploaded('parameter', at);
      const found = await (await compiled.gradient()).run({ parameters }, feedsOfMinibatch(examples, values));
      return { loss: await scalar(found.loss), gradient: await downloaded(found.gradient) };
    },
    async hessianVectorProduct(at, examples, along, values) {
      const given = { parameters: uploaded('parameter', at), vector: uploaded('vector', along) };
      const found = await (await compiled.product()).run(given, feedsOfMinibatch(examples, values));
      return {
        loss: await scalar(found.loss),
        gradient: await downloaded(found.gradient),
        product: await downloaded(found.product),
      };
    },
    async dispose() {
      if (options.engine === undefined) await engine.dispose();
    },
  };
}

/** The functions of a test problem on an engine, each compiled when it is first called. */
function problemPrograms(engine: Engine, { loss, accuracy, metrics, parameters, nextStates }: SymbolicProblem) {
  const vector = placeholders('vector', parameters);
  const gradient = gradients(loss, parameters);
  const at = { parameters };
  return {
    // A list, because a tree of values has no place for what is absent.
    loss: once(() => compileFunction(engine, at, { loss, accuracy: accuracy === null ? [] : [accuracy], metrics })),
    states: once(() => compileFunction(engine, at, nextStates)),
    gradient: once(() => compileFunction(engine, at, { loss, gradient })),
    product: once(() => {
      const product = hessianVectorProduct(gradient, parameters, vector);
      return compileFunction(engine, { parameters, vector }, { loss, gradient, product });
    }),
  };
}

/** The function, called once. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Engines would cut a fraction to a whole number, and let what is no class count as a loss of 0. */
function expectLabels(
  { classes }: TestProblem,
  labels: ArrayLike<number> | undefined,
  size: number,
): ArrayLike<number> {
  const checked = expectSize('labels', labels, size);
  const largest = classes === null ? 2 ** 31 - 1 : classes - 1;
  const least = classes === null ? -(2 ** 31) : 0;
  for (let index = 0; index < size; index++) {
    const label = checked[index];
    if (Number.isInteger(label) && Number(label) >= least && Number(label) <= largest) continue;
    throw new ConfigurationError({
      subject: 'labels',
      found: `${label} at index ${index} of ${size}`,
      expected: `whole numbers from ${least} to ${largest}`,
    });
  }
  return checked;
}
