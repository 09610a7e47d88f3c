import {
  type CompiledFunction,
  compileFunction,
  type Engine,
  placeholders,
  uploadScalar,
  type Value,
} from '../../engine/index.js';
import { at } from '../../expect.js';
import { add, concatenate, dot, multiply, reshape, type Shape, type Tensor } from '../../tensor/index.js';

/** A vector in the space of the parameters: a value of each parameter's shape, on the engine. */
export type Vector = readonly Value[];

/** Linear algebra with vectors in the space of the parameters; nothing but scalars comes to the host. */
export interface VectorAlgebra {
  /** Σ cᵢ vᵢ, for instance `combine([1, theta], [-lr, gradient])`. */
  combine(...terms: readonly (readonly [coefficient: number, vector: Vector])[]): Promise<Vector>;
  /** aᵀb over all parameters. */
  dot(a: Vector, b: Vector): Promise<number>;
  /** vᵢᵀb for each of these vectors, at once. */
  dots(vectors: readonly Vector[], b: Vector): Promise<number[]>;
  /** ‖a‖ over all parameters. */
  norm(a: Vector): Promise<number>;
  /** The zero vector. */
  zeros(): Vector;
  /** A vector's numbers, one array for each parameter. */
  download(vector: Vector): Promise<Float64Array[]>;
  /** A vector with these numbers. */
  upload(arrays: readonly ArrayLike<number>[]): Vector;
}

/** The algebra on an engine for parameters of these shapes; each function is compiled when it is first called. */
export function vectorAlgebra(
  engine: Engine,
  parameters: readonly Tensor[],
  compiled: (seconds: number) => void,
): VectorAlgebra {
  const shapes: readonly { readonly shape: Shape }[] = parameters.map(({ shape }) => ({ shape }));
  const scalar = { shape: [] };
  type Sum = CompiledFunction<{ c: Tensor[]; v: (readonly Tensor[])[] }, Tensor[]>;
  const sums = new Map<number, Promise<Sum>>();
  const sumOf = async (count: number): Promise<Sum> => {
    const terms = Array.from({ length: count }, (_, index) => index);
    const inputs = {
      c: terms.map((index) => placeholders(`c${index}`, scalar) as Tensor),
      v: terms.map((index) => placeholders(`v${index}`, shapes) as readonly Tensor[]),
    };
    const outputs = shapes.map((_, index) =>
      terms
        .map((term) => multiply(at(at(inputs.v, term), index), at(inputs.c, term)))
        .reduce((sum, term) => add(sum, term)),
    );
    const result: Sum = await compileFunction(engine, inputs, outputs);
    compiled(result.compileSeconds);
    return result;
  };
  type Products = CompiledFunction<{ v: (readonly Tensor[])[]; b: readonly Tensor[] }, Tensor>;
  const products = new Map<number, Promise<Products>>();
  const productsOf = async (count: number): Promise<Products> => {
    const inputs = {
      v: Array.from({ length: count }, (_, index) => placeholders(`v${index}`, shapes) as readonly Tensor[]),
      b: placeholders('b', shapes) as readonly Tensor[],
    };
    const totals = inputs.v.map((vector) =>
      vector.map((x, index) => dot(x, at(inputs.b, index))).reduce((sum, term) => add(sum, term)),
    );
    const row = concatenate(
      totals.map((total) => reshape(total, [1])),
      0,
    );
    const result: Products = await compileFunction(engine, inputs, row);
    compiled(result.compileSeconds);
    return result;
  };
  const algebra: VectorAlgebra = {
    combine: async (...terms) => {
      const known = sums.get(terms.length) ?? sumOf(terms.length);
      sums.set(terms.length, known);
      const c = terms.map(([coefficient]) => uploadScalar(engine, coefficient));
      return (await known).run({ c, v: terms.map(([, vector]) => vector) });
    },
    dot: async (a, b) => at(await algebra.dots([a], b), 0),
    dots: async (vectors, b) => {
      if (vectors.length === 0) return [];
      const known = products.get(vectors.length) ?? productsOf(vectors.length);
      products.set(vectors.length, known);
      const row = await (await known).run({ v: [...vectors], b });
      return [...(await engine.download(row))];
    },
    norm: async (a) => Math.sqrt(await algebra.dot(a, a)),
    zeros: () => shapes.map(({ shape }) => engine.upload(new Float64Array(shape.reduce((n, m) => n * m, 1)), shape)),
    download: async (vector) => {
      const arrays: Float64Array[] = [];
      for (const value of vector) arrays.push(Float64Array.from(await engine.download(value)));
      return arrays;
    },
    upload: (arrays) => shapes.map(({ shape }, index) => engine.upload(Float64Array.from(at(arrays, index)), shape)),
  };
  return algebra;
}
