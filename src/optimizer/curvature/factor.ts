import { Matrix } from 'ml-matrix';
import { type Engine, type Executable, uploadScalar, type Value } from '../../engine/index.js';
import { concatenate, input, matmul, program, type Tensor } from '../../tensor/index.js';
import { at } from '../transformation.js';
import type { Layer } from './layers.js';
import { type LeadingTriplets, leadingTriplets, meanInBasis } from './low-rank.js';
import { gramOf } from './observations.js';
import { type Basis, orthonormalBasis, type RoughBasis, roughBasis } from './orthonormal-basis.js';
import { packed, unpack } from './outputs.js';
import { type LayerPosterior, type LeftOut, type PosteriorState, takesPart } from './posterior.js';
import { innerProducts } from './rows.js';

/** The low-rank factor of one layer. */
export interface LayerFactor {
  /** The r = min(k, N − 1) largest singular values of B̂. */
  readonly sigma: readonly number[];
  /** Left singular vectors as rows [r, N] on the engine, in the order of `directed`, then zeros; null where not wanted. */
  readonly u: Value | null;
  /** The indices into `sigma` that the rows belong to. */
  readonly directed: readonly number[];
}

/** A layer's factor, or why there is none. */
export type FactorOrNot = LayerFactor | LeftOut;

/** What phase 3 is to compute. */
export interface FactorOptions {
  /** k: how many singular values. */
  readonly rank: number;
  /** m. */
  readonly observations: number;
  /** Whether the singular vectors are wanted, or the values only. */
  readonly lifts: boolean;
}

/** Rank of a layer's factor: r = min(k, N − 1). */
export function rankOf({ size }: Layer, rank: number): number {
  return Math.min(rank, size - 1);
}

/**
 * Phase 3: the r largest singular values of B̂ = I/α + w² X Sᵀ of each layer and their left singular vectors. B̂ is never
 * formed: in an orthonormal basis of the columns of [S Y], found through their inner products, it is a matrix of at most
 * 2m×2m, whose singular vectors the basis lifts. A layer of N ≤ 2m numbers is treated whole, on the host.
 */
export class Factor {
  readonly #engine: Engine;
  readonly #layers: readonly Layer[];
  readonly #options: FactorOptions;
  /** Rounding error of the engine's numbers. */
  readonly #precision: number;
  /** Null where every layer is small. */
  readonly #orthogonalise: Executable | null;
  /** Null where every layer is small, or the vectors are not wanted. */
  readonly #lift: Executable | null;

  private constructor(
    engine: Engine,
    layers: readonly Layer[],
    options: FactorOptions,
    precision: number,
    executables: { readonly orthogonalise: Executable | null; readonly lift: Executable | null },
  ) {
    this.#engine = engine;
    this.#layers = layers;
    this.#options = options;
    this.#precision = precision;
    this.#orthogonalise = executables.orthogonalise;
    this.#lift = executables.lift;
  }

  /** Compiles the phase's programs. */
  static async compile(engine: Engine, layers: readonly Layer[], options: FactorOptions): Promise<Factor> {
    const large = layers.filter((layer) => isLarge(layer, options));
    const double = (await engine.download(uploadScalar(engine, 1))) instanceof Float64Array;
    return new Factor(engine, layers, options, double ? Number.EPSILON : 2 ** -23, {
      orthogonalise: large.length > 0 ? await engine.compile(program(orthogonalising(large, options))) : null,
      lift: large.length > 0 && options.lifts ? await engine.compile(program(lifting(large, options))) : null,
    });
  }

  get compileSeconds(): number {
    return (this.#orthogonalise?.compileSeconds ?? 0) + (this.#lift?.compileSeconds ?? 0);
  }

  /** The factor of each layer, or why it has none. The columns of S and Y are spent. */
  async compute(state: PosteriorState): Promise<FactorOrNot[]> {
    const rough = this.#layers.map((layer, index) => {
      const posterior = at(state.layers, index);
      if (!takesPart(posterior) || !isLarge(layer, this.#options)) return null;
      return roughBasis(gramOf(posterior.observations), this.#precision);
    });
    const columns = await this.#orthogonalColumns(state, rough);
    const bases: (Basis | null)[] = [];
    const triplets: (LeadingTriplets | null)[] = [];
    for (const [index, layer] of this.#layers.entries()) {
      const posterior = at(state.layers, index);
      const basis = takesPart(posterior)
        ? await this.#basis(layer, posterior, at(rough, index), columns.get(layer)?.gram)
        : null;
      bases.push(basis);
      triplets.push(basis && takesPart(posterior) ? this.#triplets(layer, posterior, basis, state) : null);
    }
    const vectors = this.#options.lifts ? await this.#vectors(bases, triplets, columns) : [];
    return this.#layers.map((_, index) => {
      const posterior = at(state.layers, index);
      const found = at(triplets, index);
      if (!takesPart(posterior)) return posterior;
      if (found === null) return { leftOut: 'B̂ is not finite' };
      return { sigma: found.sigma, directed: found.directed, u: vectors[index] ?? null };
    });
  }

  /** The columns of [S Y] of each large layer, made nearly orthogonal, and their inner products. */
  async #orthogonalColumns(
    state: PosteriorState,
    rough: readonly (RoughBasis | null)[],
  ): Promise<Map<Layer, { readonly rows: Value | null; readonly gram: Matrix }>> {
    const result = new Map<Layer, { rows: Value | null; gram: Matrix }>();
    if (this.#orthogonalise === null) return result;
    const width = 2 * this.#options.observations;
    const feeds: Record<string, Value> = {};
    const spent: Value[] = [];
    for (const [index, layer] of this.#layers.entries()) {
      if (!isLarge(layer, this.#options)) continue;
      const posterior = at(state.layers, index);
      const rows = takesPart(posterior) ? [...posterior.s, ...posterior.y] : [];
      spent.push(...rows);
      const zero = rows.length === 0 ? this.#engine.upload(new Float32Array(layer.size), [1, layer.size]) : null;
      for (let row = 0; row < width; row++) feeds[`row/${layer.name}/${row}`] = zero ?? at(rows, row);
      feeds[`transform/${layer.name}`] = this.#matrix(
        at(rough, index)?.transform.transpose() ?? Matrix.zeros(width, width),
      );
    }
    const outputs = await this.#orthogonalise.run(feeds, spent);
    const numbers = await unpack(this.#engine, outputs);
    for (const layer of this.#layers.filter((candidate) => isLarge(candidate, this.#options))) {
      const gram = Matrix.from1DArray(width, width, numbers.take(width ** 2));
      result.set(layer, { rows: outputs[`rows/${layer.name}`] ?? null, gram });
    }
    return result;
  }

  /** For a large layer a basis of the columns of [S Y]; for a small one of the whole space. Null where not finite. */
  async #basis(
    layer: Layer,
    { s, y }: LayerPosterior,
    rough: RoughBasis | null,
    gram: Matrix | undefined,
  ): Promise<Basis | null> {
    if (isLarge(layer, this.#options)) return rough && gram ? orthonormalBasis(gram, rough) : null;
    const columns: ArrayLike<number>[] = [];
    for (const value of [...s, ...y]) columns.push(await this.#engine.download(value));
    const coordinates = new Matrix(columns.map((column) => Array.from(column))).transpose();
    return { transform: Matrix.eye(layer.size, layer.size), coordinates };
  }

  #triplets(layer: Layer, { mean }: LayerPosterior, { coordinates }: Basis, state: PosteriorState) {
    const prior = at(state.priors, layer.group);
    if (prior === null) return null;
    const small = meanInBasis(coordinates, mean, prior.alpha, prior.w);
    return leadingTriplets(small, 1 / prior.alpha, layer.size, rankOf(layer, this.#options.rank));
  }

  /** The singular vectors as rows [r, N], zeros where there are fewer; null for a layer without a factor. */
  async #vectors(
    bases: readonly (Basis | null)[],
    triplets: readonly (LeadingTriplets | null)[],
    columns: ReadonlyMap<Layer, { readonly rows: Value | null }>,
  ): Promise<(Value | null)[]> {
    const feeds: Record<string, Value> = {};
    const spent: Value[] = [];
    const combinations = this.#layers.map((layer, index) => {
      const [basis, found] = [at(bases, index), at(triplets, index)];
      const rows = rankOf(layer, this.#options.rank);
      const width = isLarge(layer, this.#options) ? 2 * this.#options.observations : layer.size;
      const combination = Matrix.zeros(rows, width);
      if (basis && found && found.directed.length > 0) {
        combination.setSubMatrix(basis.transform.mmul(found.left).transpose(), 0, 0);
      }
      const held = columns.get(layer)?.rows ?? null;
      if (held !== null && rows > 0) {
        feeds[`rows/${layer.name}`] = held;
        spent.push(held);
        feeds[`combination/${layer.name}`] = this.#matrix(combination);
      }
      return combination;
    });
    const outputs = this.#lift === null ? {} : await this.#lift.run(feeds, spent);
    return this.#layers.map((layer, index) => {
      if (at(triplets, index) === null || rankOf(layer, this.#options.rank) === 0) return null;
      return outputs[`u/${layer.name}`] ?? this.#matrix(at(combinations, index));
    });
  }

  #matrix(matrix: Matrix): Value {
    return this.#engine.upload(Float64Array.from(matrix.to1DArray()), [matrix.rows, matrix.columns]);
  }
}

function isLarge({ size }: Layer, { observations }: FactorOptions): boolean {
  return size > 2 * observations;
}

function orthogonalising(layers: readonly Layer[], { observations, lifts }: FactorOptions): Record<string, Tensor> {
  const width = 2 * observations;
  const outputs: Record<string, Tensor> = {};
  const grams: Tensor[] = [];
  for (const { name, size } of layers) {
    const columns = Array.from({ length: width }, (_, row) => input(`row/${name}/${row}`, [1, size]));
    const rows = matmul(input(`transform/${name}`, [width, width]), concatenate(columns, 0));
    grams.push(innerProducts(rows, rows));
    if (lifts) outputs[`rows/${name}`] = rows;
  }
  return { numbers: packed(grams), ...outputs };
}

function lifting(layers: readonly Layer[], { observations, rank }: FactorOptions): Record<string, Tensor> {
  const width = 2 * observations;
  return Object.fromEntries(
    layers.map((layer) => [
      `u/${layer.name}`,
      matmul(
        input(`combination/${layer.name}`, [rankOf(layer, rank), width]),
        input(`rows/${layer.name}`, [width, layer.size]),
      ),
    ]),
  );
}
