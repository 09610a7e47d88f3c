import { type Engine, openEngine, type TensorData, type Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { gradients, hessianVectorProduct, input, type Program, program, sizeOf, type Tensor } from '../tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  inputNames,
  type Layer,
  type Mode,
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
  const { loss, accuracy, metrics, parameters, nextStates } = symbolic;
  const vectors = problem.parameters.map(({ name, shape }) => input(`vector/${name}`, shape));
  const gradient = gradients(loss, parameters);
  const named = (prefix: string, tensors: typeof gradient) =>
    Object.fromEntries(tensors.map((tensor, index) => [`${prefix}/${problem.parameters[index]?.name}`, tensor]));
  const programs: Record<'loss' | 'states' | 'gradient' | 'product', Program> = {
    loss: program({ loss, ...(accuracy === null ? {} : { accuracy }), ...prefixed('metric', metrics) }),
    states: program(prefixed('state', nextStates)),
    gradient: program({ loss, ...named('gradient', gradient) }),
    product: program({
      loss,
      ...named('gradient', gradient),
      ...named('product', hessianVectorProduct(gradient, parameters, vectors)),
    }),
  };
  const constants = Object.fromEntries(
    Object.entries(problem.constants).map(([name, { shape, data }]) => [
      inputNames.constant(name),
      engine.upload(data(), shape),
    ]),
  );

  const feed = (prefix: string, arrays: ParameterArrays): Record<string, Value> =>
    Object.fromEntries(
      problem.parameters.map(({ name, shape }, index) => [
        `${prefix}/${name}`,
        engine.upload(expectSize(`${prefix} ${name}`, arrays[index], sizeOf(shape)), shape),
      ]),
    );
  const feedMinibatch = ({ inputs, labels }: Examples, values: MinibatchValues = {}): Record<string, Value> => {
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
  const run = async (name: keyof typeof programs, feeds: Record<string, Value>) => {
    const results = await (await engine.compile(programs[name])).run(feeds);
    const arrays: Record<string, TensorData> = {};
    for (const [output, value] of Object.entries(results)) arrays[output] = await engine.download(value);
    const list = (prefix: string) =>
      problem.parameters.map((parameter) => arrays[`${prefix}/${parameter.name}`] ?? new Float32Array());
    return { arrays, scalar: (output: string) => arrays[output]?.[0] ?? Number.NaN, list };
  };

  return {
    problem,
    batchSize,
    async loss(at, examples, values) {
      const { scalar } = await run('loss', { ...feed('parameter', at), ...feedMinibatch(examples, values) });
      const labels = batchSize * sizeOf(problem.labelShape);
      const fraction = () => correctCount(scalar('accuracy'), labels) / labels;
      return {
        loss: scalar('loss'),
        accuracy: accuracy === null ? null : fraction(),
        metrics: Object.fromEntries(Object.keys(metrics).map((name) => [name, scalar(`metric/${name}`)])),
      };
    },
    async nextStates(at, examples, values) {
      if (Object.keys(nextStates).length === 0) return {};
      const { arrays } = await run('states', { ...feed('parameter', at), ...feedMinibatch(examples, values) });
      return Object.fromEntries(
        Object.keys(nextStates).map((name) => [name, arrays[`state/${name}`] ?? new Float32Array()]),
      );
    },
    async gradient(at, examples, values) {
      const { scalar, list } = await run('gradient', { ...feed('parameter', at), ...feedMinibatch(examples, values) });
      return { loss: scalar('loss'), gradient: list('gradient') };
    },
    async hessianVectorProduct(at, examples, vector, values) {
      const feeds = { ...feed('parameter', at), ...feed('vector', vector), ...feedMinibatch(examples, values) };
      const { scalar, list } = await run('product', feeds);
      return { loss: scalar('loss'), gradient: list('gradient'), product: list('product') };
    },
    async dispose() {
      if (options.engine === undefined) await engine.dispose();
    },
  };
}

function prefixed(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${name}`, tensor]));
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
    throw new ConfigurationError(
      `labels: found ${label} at index ${index} of ${size}, expected whole numbers from ${least} to ${largest}`,
    );
  }
  return checked;
}
