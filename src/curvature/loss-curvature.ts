import { type CompiledFunction, compileFunction, type Engine, placeholders, type Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { at } from '../expect.js';
import { add, gradients, hessianVectorProduct, multiply, sizeOf, type Tensor } from '../tensor/index.js';
import type { Mode, SymbolicProblem, TestProblem } from '../testproblem/index.js';
import { option, say } from '../words.js';
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

type Parameters = readonly Tensor[];
type GradientFunction = CompiledFunction<
  { readonly parameters: Parameters },
  { readonly loss: Tensor; readonly gradient: Parameters }
>;
type ProductFunction = CompiledFunction<{ readonly parameters: Parameters; readonly vector: Parameters }, Parameters>;

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
  /** The loss on minibatches, the L2 term included. */
  readonly #regularised: SymbolicProblem;
  readonly #products = new Map<CurvatureMatrix, Promise<ProductFunction>>();
  #gradient: Promise<GradientFunction> | null = null;

  /** Programs are compiled when they are first needed. */
  constructor(engine: Engine, problem: TestProblem, options: LossCurvatureOptions) {
    this.#engine = engine;
    this.problem = problem;
    this.#options = { l2Reg: 0, mode: 'train', ...options };
    const { batchSize, mode, l2Reg } = this.#options;
    this.symbolic = problem.build(batchSize, { mode });
    this.#regularised = l2Reg === 0 ? this.symbolic : problem.build(batchSize, { mode, l2Reg });
    this.size = problem.parameterCount;
  }

  /** Mean loss over the minibatches, the L2 term included, and its gradient. */
  async gradient(point: LossPoint, minibatches: Minibatches): Promise<LossGradient> {
    let loss = 0;
    let count = 0;
    const mean = new Mean();
    const { parameters } = point;
    for await (const minibatch of minibatches()) {
      const found = await (await this.#gradientFunction()).run({ parameters }, this.#feeds(point, minibatch));
      loss += at(await this.#engine.download(found.loss), 0);
      count += 1;
      mean.add(await this.#downloaded(found.gradient));
    }
    return { loss: loss / count, gradient: mean.take() };
  }

  /** The matrix of the mean loss over the minibatches as a linear map. */
  operator(matrix: CurvatureMatrix, point: LossPoint, minibatches: Minibatches): Operator {
    if (matrix === 'gauss-newton' && this.symbolic.outputs.length === 0) {
      throw new ConfigurationError({
        subject: this.problem.name,
        what: "its loss is not a function of a network's outputs, so it has no Gauss-Newton matrix",
        remedy: say`expected ${option('matrix', 'hessian')}`,
      });
    }
    return async (vector) => {
      const product = await this.#productFunction(matrix);
      const mean = new Mean();
      const given = { parameters: point.parameters, vector: this.#uploaded(vector) };
      for await (const minibatch of minibatches()) {
        mean.add(await this.#downloaded(await product.run(given, this.#feeds(point, minibatch))));
      }
      return mean.take();
    };
  }

  #feeds({ states }: LossPoint, minibatch: MinibatchFeeds): Record<string, Value> {
    return { ...this.#options.constants, ...states, ...minibatch };
  }

  /** A vector as one value for each parameter. */
  #uploaded(vector: Vector): Value[] {
    if (vector.length !== this.size) {
      throw new RangeError(`found a vector of ${vector.length} numbers, expected ${this.size}, one for each parameter`);
    }
    let begin = 0;
    return this.problem.parameters.map(({ shape }) => {
      const end = begin + sizeOf(shape);
      const part = this.#engine.upload(vector.subarray(begin, end), shape);
      begin = end;
      return part;
    });
  }

  async #downloaded(values: readonly Value[]): Promise<Vector> {
    const parts: Vector[] = [];
    for (const value of values) parts.push((await this.#engine.download(value)) as Vector);
    return joined(parts, this.size);
  }

  #gradientFunction(): Promise<GradientFunction> {
    const { loss, parameters } = this.#regularised;
    this.#gradient ??= compileFunction(
      this.#engine,
      { parameters },
      { loss, gradient: gradients(loss, parameters) as readonly Tensor[] },
    );
    return this.#gradient;
  }

  #productFunction(matrix: CurvatureMatrix): Promise<ProductFunction> {
    const known = this.#products.get(matrix);
    if (known !== undefined) return known;
    const { parameters } = this.#regularised;
    const vector = placeholders('vector', parameters);
    const product = matrix === 'hessian' ? this.#hessianProduct(vector) : this.#gaussNewtonProduct(vector);
    const compiled = compileFunction(this.#engine, { parameters, vector }, product);
    this.#products.set(matrix, compiled);
    return compiled;
  }

  #hessianProduct(vector: readonly Tensor[]): readonly Tensor[] {
    const { loss, parameters } = this.#regularised;
    return hessianVectorProduct(gradients(loss, parameters), parameters, vector);
  }

  #gaussNewtonProduct(vector: readonly Tensor[]): readonly Tensor[] {
    const { loss, outputs, parameters } = this.symbolic;
    return this.#withL2(gaussNewtonProduct(loss, outputs, parameters, vector), vector);
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
