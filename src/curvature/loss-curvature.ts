import { type Engine, type Executable, placeholders, type Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { add, gradients, hessianVectorProduct, multiply, program, sizeOf, type Tensor } from '../tensor/index.js';
import { inputNames, type Mode, type SymbolicProblem, type TestProblem } from '../testproblem/index.js';
import { gaussNewtonProduct } from './gauss-newton.js';
import { joined, type Operator, scaled, type Vector } from './vector.js';

/** Which matrix: second derivatives of the loss, or the Gauss-Newton matrix, which has no negative eigenvalues. */
export type CurvatureMatrix = 'hessian' | 'gauss-newton';

/** A minibatch on the engine: inputs, labels, and its noise, the same for all products on it. */
export type MinibatchFeeds = Readonly<Record<string, Value>>;

/** Minibatches over whose mean loss a matrix is taken; asked for anew with each product. */
export type Minibatches = () => Iterable<MinibatchFeeds> | AsyncIterable<MinibatchFeeds>;

/** Where the loss is looked at. */
export interface LossPoint {
  /** In definition order. */
  readonly parameters: readonly Value[];
  /** The network's states by the names of their inputs; the same for every minibatch. */
  readonly states: Readonly<Record<string, Value>>;
}

/** A loss with its gradient. */
export interface LossGradient {
  readonly loss: number;
  readonly gradient: Vector;
}

/** Parameters that belong together: a layer, a group, or all of them. */
export interface ParameterBlock {
  readonly name: string;
  /** Places in a vector of all parameters, as [begin, end). */
  readonly ranges: readonly (readonly [begin: number, end: number])[];
  readonly size: number;
}

/** How the loss is built. */
export interface LossCurvatureOptions {
  readonly batchSize: number;
  /** λ of the term ½ λ Σ w², which belongs to the loss and so to both matrices; 0 leaves it out. */
  readonly l2Reg?: number;
  /** Dropout and batch normalisation differ: two different matrices. Default `train`. */
  readonly mode?: Mode;
  /** The problem's constants on the engine. */
  readonly constants: Readonly<Record<string, Value>>;
}

/** The gradient of a test problem's loss and products of its curvature with vectors, on the host. */
export class LossCurvature {
  readonly problem: TestProblem;
  /** The test problem on minibatches of this size, without the L2 term. */
  readonly symbolic: SymbolicProblem;
  readonly size: number;
  readonly #engine: Engine;
  readonly #options: Required<LossCurvatureOptions>;
  readonly #executables = new Map<string, Promise<Executable>>();

  /** Programs are compiled when they are first needed. */
  constructor(engine: Engine, problem: TestProblem, options: LossCurvatureOptions) {
    this.#engine = engine;
    this.problem = problem;
    this.#options = { l2Reg: 0, mode: 'train', ...options };
    const { batchSize, mode } = this.#options;
    this.symbolic = problem.build(batchSize, { mode });
    this.size = problem.parameterCount;
  }

  /** Mean loss over the minibatches, the L2 term included, and its gradient. */
  async gradient(point: LossPoint, minibatches: Minibatches): Promise<LossGradient> {
    let loss = 0;
    let count = 0;
    const mean = new Mean();
    for await (const minibatch of minibatches()) {
      const results = await (await this.#executable('gradient')).run(this.#feeds(point, minibatch));
      loss += await this.#scalar(results.loss);
      count += 1;
      mean.add(await this.#downloaded(results, 'gradient'));
    }
    return { loss: loss / count, gradient: mean.take() };
  }

  /** The matrix of the mean loss over the minibatches as a linear map. */
  operator(matrix: CurvatureMatrix, point: LossPoint, minibatches: Minibatches): Operator {
    if (matrix === 'gauss-newton' && this.symbolic.outputs.length === 0) {
      throw new ConfigurationError(
        `${this.problem.name}: its loss is not a function of a network's outputs, so it has no Gauss-Newton matrix; expected --matrix hessian`,
      );
    }
    return async (vector) => {
      const executable = await this.#executable(matrix);
      const mean = new Mean();
      const uploaded = this.#uploaded(vector);
      for await (const minibatch of minibatches()) {
        const results = await executable.run({ ...this.#feeds(point, minibatch), ...uploaded });
        mean.add(await this.#downloaded(results, 'product'));
      }
      return mean.take();
    };
  }

  #feeds({ parameters, states }: LossPoint, minibatch: MinibatchFeeds): Record<string, Value> {
    const feeds: Record<string, Value> = { ...this.#options.constants, ...states, ...minibatch };
    for (const [index, { name }] of this.problem.parameters.entries()) {
      const value = parameters[index];
      if (value !== undefined) feeds[inputNames.parameter(name)] = value;
    }
    return feeds;
  }

  /** A vector as one value for each parameter. */
  #uploaded(vector: Vector): Record<string, Value> {
    if (vector.length !== this.size) {
      throw new RangeError(`found a vector of ${vector.length} numbers, expected ${this.size}, one for each parameter`);
    }
    let begin = 0;
    const feeds: Record<string, Value> = {};
    for (const [index, { shape }] of this.problem.parameters.entries()) {
      const end = begin + sizeOf(shape);
      feeds[vectorInput(index)] = this.#engine.upload(vector.subarray(begin, end), shape);
      begin = end;
    }
    return feeds;
  }

  async #downloaded(results: Readonly<Record<string, Value>>, name: string): Promise<Vector> {
    const parts: Vector[] = [];
    for (const index of this.problem.parameters.keys()) {
      const value = results[`${name}/${index}`];
      if (value === undefined) throw new RangeError(`the program returned no ${name} of parameter ${index}`);
      parts.push((await this.#engine.download(value)) as Vector);
    }
    return joined(parts, this.size);
  }

  async #scalar(value: Value | undefined): Promise<number> {
    return value === undefined ? Number.NaN : ((await this.#engine.download(value))[0] ?? Number.NaN);
  }

  #executable(name: 'gradient' | CurvatureMatrix): Promise<Executable> {
    let executable = this.#executables.get(name);
    if (executable === undefined) {
      executable = this.#engine.compile(program(this.#outputs(name)));
      this.#executables.set(name, executable);
    }
    return executable;
  }

  #outputs(name: 'gradient' | CurvatureMatrix): Record<string, Tensor> {
    const { batchSize, mode, l2Reg } = this.#options;
    if (name === 'gauss-newton') {
      const { loss, outputs, parameters } = this.symbolic;
      const vectors = vectorInputs(parameters);
      return numbered('product', this.#withL2(gaussNewtonProduct(loss, outputs, parameters, vectors), vectors));
    }
    const { loss, parameters } = this.problem.build(batchSize, { mode, l2Reg });
    const gradient = gradients(loss, parameters);
    if (name === 'gradient') return { loss, ...numbered('gradient', gradient) };
    return numbered('product', hessianVectorProduct(gradient, parameters, vectorInputs(parameters)));
  }

  /** The product with the L2 term's Hessian, λ on the weights, added. */
  #withL2(products: readonly Tensor[], vectors: readonly Tensor[]): readonly Tensor[] {
    const { l2Reg } = this.#options;
    return products.map((product, index) => {
      const vector = vectors[index];
      const adds = l2Reg > 0 && vector !== undefined && this.problem.parameters[index]?.regularised === true;
      return adds ? add(product, multiply(vector, l2Reg)) : product;
    });
  }
}

function vectorInput(index: number): string {
  return `vector/${index}`;
}

function vectorInputs(parameters: readonly Tensor[]): readonly Tensor[] {
  return placeholders('vector', parameters) as readonly Tensor[];
}

function numbered(name: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, index) => [`${name}/${index}`, tensor]));
}

/** A mean of vectors, added up in double precision; a single one stays as it is. */
class Mean {
  #only: Vector | null = null;
  #sum: Float64Array | null = null;
  #count = 0;

  add(vector: Vector): void {
    this.#count += 1;
    if (this.#only === null) {
      this.#only = vector;
      return;
    }
    this.#sum ??= new Float64Array(this.#only);
    for (let i = 0; i < vector.length; i++) this.#sum[i] = (this.#sum[i] as number) + (vector[i] as number);
  }

  take(): Vector {
    if (this.#only === null) throw new RangeError('found no minibatches, expected at least one');
    if (this.#sum === null) return this.#only;
    return scaled(this.#sum, 1 / this.#count);
  }
}
