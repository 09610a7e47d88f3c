import { Matrix } from 'ml-matrix';
import { compileFunction, type Engine, placeholders, uploadScalar, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { add, concatenate, matmul, type Tensor } from '../../tensor/index.js';
import { filling } from './appending.js';
import { rankOf } from './blocks.js';
import type { Layer } from './layers.js';
import { type LeadingTriplets, leadingTriplets, meanInBasis } from './low-rank.js';
import { compileMeasuring } from './measuring-function.js';
import { gramOf } from './observations.js';
import { type Basis, orthonormalBasis, type RoughBasis, roughBasis } from './orthonormal-basis.js';
import { type LayerPosterior, type LeftOut, type PosteriorState, takesPart } from './posterior-state.js';
import { columnTiles, innerProducts } from './rows.js';

/** The low-rank factor of one block. */
export interface BlockFactor {
  /** The r = min(k, N − 1) largest singular values of B̂. */
  readonly sigma: readonly number[];
  /** Bounds of the values' errors, where an estimator has them. */
  readonly residuals?: readonly number[];
  /**
   * Left singular vectors as rows [r, N] on the engine, in the order of `directed`, then zeros, cut into a part for each
   * layer of the block; null where not wanted.
   */
  readonly u: readonly Value[] | null;
  /** The indices into `sigma` that the rows belong to. */
  readonly directed: readonly number[];
}

/** A block's factor, or why there is none. */
export type FactorOrNot = BlockFactor | LeftOut;

/** What phase 3 is to compute. */
export interface FactorOptions {
  /** k: how many singular values. */
  readonly rank: number;
  /** Columns of S and of Y at most. */
  readonly observations: number;
  /** Whether the singular vectors are wanted, or the values only. */
  readonly lifts: boolean;
  /** Numbers of S and Y that are copied at a time where there are many columns. */
  readonly tile?: number;
}

/**
 * Phase 3: the r largest singular values of B̂ = I/α + w² X Sᵀ of each layer and their left singular vectors. B̂ is never
 * formed: in an orthonormal basis of the columns of [S Y], found through their inner products, it is a matrix of at most
 * 2m×2m, whose singular vectors the basis lifts. A layer of N ≤ 2m numbers is treated whole, on the host.
 */
export interface Factor {
  readonly compileSeconds: number;
  /**
   * The factor of each layer, or why it has none. The columns of S and Y are spent where they are lifted, but those that are
   * kept.
   */
  compute(state: PosteriorState, kept?: ReadonlySet<Value>): Promise<FactorOrNot[]>;
}

/** The columns of [S Y] of a large layer, one by one, and what makes them nearly orthogonal. */
interface GivenColumns<T> {
  readonly columns: readonly T[];
  readonly transform: T;
}

/** Compiles the phase's programs. */
export async function compileFactor(engine: Engine, layers: readonly Layer[], options: FactorOptions): Promise<Factor> {
  const { rank, observations, lifts } = options;
  const width = 2 * observations;
  const isLarge = ({ size }: Layer) => size > width;
  const large = layers.filter(isLarge);
  const place = new Map(large.map((layer, index) => [layer, index]));
  const double = (await engine.download(uploadScalar(engine, 1))) instanceof Float64Array;
  /** Rounding error of the engine's numbers. */
  const precision = double ? Number.EPSILON : 2 ** -23;
  const orthogonalise = large.length > 0 ? await orthogonalising(engine, large, options) : null;
  const lift = large.length > 0 && lifts ? await lifting(engine, large, options) : null;
  const matrixValue = (matrix: Matrix) =>
    engine.upload(Float64Array.from(matrix.to1DArray()), [matrix.rows, matrix.columns]);

  /**
   * The columns of the large layers and their first transforms. Where there are fewer columns, zeros stand after those of S
   * and of Y.
   */
  const given = (state: PosteriorState, rough: readonly (RoughBasis | null)[]): GivenColumns<Value>[] => {
    const filled = filling(engine, observations);
    return layers.flatMap((layer, index) => {
      if (!isLarge(layer)) return [];
      const posterior = at(state.layers, index);
      const { s, y } = takesPart(posterior) ? posterior : { s: [], y: [] };
      const transform = Matrix.zeros(width, width);
      for (const [row, place] of placesOf(s.length, observations).entries()) {
        const found = at(rough, index)?.transform.getRow(row) ?? [];
        for (const [column, value] of found.entries()) transform.set(column, place, value);
      }
      return [{ columns: [...filled(layer.size, s), ...filled(layer.size, y)], transform: matrixValue(transform) }];
    });
  };

  /** For a large layer a basis of the columns of [S Y]; for a small one of the whole space. Null where not finite. */
  const basisOf = async (
    layer: Layer,
    { s, y }: LayerPosterior,
    rough: RoughBasis | null,
    gram: Matrix | undefined,
  ): Promise<Basis | null> => {
    if (isLarge(layer)) return rough && gram ? orthonormalBasis(gram, rough) : null;
    const columns: number[][] = [];
    for (const value of [...s, ...y]) columns.push(Array.from(await engine.download(value)));
    return { transform: Matrix.eye(layer.size, layer.size), coordinates: new Matrix(columns).transpose() };
  };

  const tripletsOf = (
    layer: Layer,
    { mean }: LayerPosterior,
    { coordinates }: Basis,
    { priors }: PosteriorState,
  ): LeadingTriplets | null => {
    const prior = at(priors, layer.group);
    if (prior === null) return null;
    const small = meanInBasis(coordinates, mean, prior.alpha, prior.w);
    return leadingTriplets(small, 1 / prior.alpha, layer.size, rankOf(layer, rank));
  };

  /**
   * The singular vectors as rows [r, N], zeros where there are fewer; null for a layer without a factor. The columns are
   * spent.
   */
  const vectorsOf = async (
    bases: readonly (Basis | null)[],
    triplets: readonly (LeadingTriplets | null)[],
    columns: readonly GivenColumns<Value>[],
    kept: ReadonlySet<Value>,
  ): Promise<(Value | null)[]> => {
    const combinations = layers.map((layer, index) => {
      const [basis, found] = [at(bases, index), at(triplets, index)];
      const combination = Matrix.zeros(Math.max(0, rankOf(layer, rank)), isLarge(layer) ? width : layer.size);
      if (basis && found && found.directed.length > 0) {
        combination.setSubMatrix(basis.transform.mmul(found.left).transpose(), 0, 0);
      }
      return combination;
    });
    const inputs = large.map((layer, index) => ({
      ...at(columns, index),
      combination: matrixValue(at(combinations, layers.indexOf(layer))),
    }));
    const spent = new Set(columns.flatMap(({ columns: rows }) => rows).filter((row) => !kept.has(row)));
    const lifted = lift === null ? [] : await lift.run(inputs, {}, spent);
    return layers.map((layer, index) => {
      if (at(triplets, index) === null || rankOf(layer, rank) === 0) return null;
      return lifted[place.get(layer) ?? -1] ?? matrixValue(at(combinations, index));
    });
  };

  return {
    compileSeconds: (orthogonalise?.compileSeconds ?? 0) + (lift?.compileSeconds ?? 0),
    compute: async (state, kept = new Set()) => {
      const rough = layers.map((layer, index) => {
        const posterior = at(state.layers, index);
        if (!takesPart(posterior) || !isLarge(layer)) return null;
        return roughBasis(gramOf(posterior.observations), precision);
      });
      const columns = given(state, rough);
      const grams = orthogonalise === null ? [] : (await orthogonalise.run(columns, {})).numbers;
      const bases: (Basis | null)[] = [];
      const triplets: (LeadingTriplets | null)[] = [];
      for (const [index, layer] of layers.entries()) {
        const posterior = at(state.layers, index);
        const numbers = grams[place.get(layer) ?? -1];
        const count = takesPart(posterior) ? 2 * posterior.s.length : 0;
        const gram =
          numbers && count > 0
            ? Matrix.from1DArray(width, width, [...numbers]).subMatrix(0, count - 1, 0, count - 1)
            : undefined;
        const basis = takesPart(posterior) ? await basisOf(layer, posterior, at(rough, index), gram) : null;
        bases.push(basis);
        triplets.push(basis && takesPart(posterior) ? tripletsOf(layer, posterior, basis, state) : null);
      }
      const vectors = lifts ? await vectorsOf(bases, triplets, columns, kept) : [];
      return layers.map((_, index) => {
        const [posterior, found] = [at(state.layers, index), at(triplets, index)];
        if (!takesPart(posterior)) return posterior;
        if (found === null) return { leftOut: 'B̂ is not finite' };
        const u = vectors[index] ?? null;
        return { sigma: found.sigma, directed: found.directed, u: u === null ? null : [u] };
      });
    },
  };
}

/** Where `count` columns of S and as many of Y stand among the places for them. */
function placesOf(count: number, capacity: number): number[] {
  return Array.from({ length: 2 * count }, (_, index) => (index < count ? index : capacity + index - count));
}

function columnInputs(layers: readonly Layer[], { observations }: FactorOptions): readonly GivenColumns<Tensor>[] {
  const width = 2 * observations;
  return placeholders(
    'columns',
    layers.map(({ size }) => ({
      columns: Array.from({ length: width }, () => ({ shape: [1, size] })),
      transform: { shape: [width, width] },
    })),
  );
}

/** The columns of the first pass, tile by tile. */
function firstPass({ columns, transform }: GivenColumns<Tensor>, { tile }: FactorOptions): Tensor[] {
  return columnTiles(columns, tile).map((tile) => matmul(transform, tile));
}

/** Inner products of the first pass's columns. */
function orthogonalising(engine: Engine, layers: readonly Layer[], options: FactorOptions) {
  const inputs = columnInputs(layers, options);
  const numbers = inputs.map((given) =>
    firstPass(given, options)
      .map((rows) => innerProducts(rows, rows))
      .reduce((sum, part) => add(sum, part)),
  );
  return compileMeasuring(engine, inputs, { values: [], numbers }, { memory: 'returned' });
}

/**
 * Combinations of the first pass's columns, which are computed a second time in the same way: to keep them would take as
 * much memory as the observations do.
 */
function lifting(engine: Engine, layers: readonly Layer[], options: FactorOptions) {
  const width = 2 * options.observations;
  const given = columnInputs(layers, options);
  const inputs = given.map((own, index) => ({
    ...own,
    combination: placeholders(`combination/${index}`, {
      shape: [rankOf(at(layers, index), options.rank), width],
    }) as Tensor,
  }));
  return compileFunction(
    engine,
    inputs,
    inputs.map(({ combination, ...own }) =>
      concatenate(
        firstPass(own, options).map((rows) => matmul(combination, rows)),
        1,
      ),
    ),
    { memory: 'returned' },
  );
}
