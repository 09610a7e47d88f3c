import { Matrix } from 'ml-matrix';
import { compileFunction, type Engine, placeholders, uploadScalar, type Value } from '../../engine/index.js';
import { concatenate, matmul, type Tensor } from '../../tensor/index.js';
import { at } from '../transformation.js';
import { rankOf } from './blocks.js';
import type { Layer } from './layers.js';
import { type LeadingTriplets, leadingTriplets, meanInBasis } from './low-rank.js';
import { compileMeasuring } from './measuring-function.js';
import { gramOf } from './observations.js';
import { type Basis, orthonormalBasis, type RoughBasis, roughBasis } from './orthonormal-basis.js';
import { type LayerPosterior, type LeftOut, type PosteriorState, takesPart } from './posterior.js';
import { innerProducts } from './rows.js';

/** The low-rank factor of one block. */
export interface BlockFactor {
  /** The r = min(k, N − 1) largest singular values of B̂. */
  readonly sigma: readonly number[];
  /** Bounds of the values' errors, where an estimator has them. */
  readonly residuals?: readonly number[];
  /**
   * Left singular vectors as rows [r, N] on the engine, in the order of `directed`, then zeros, cut into a part for each layer of the
   * block; null where not wanted.
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
  /** m. */
  readonly observations: number;
  /** Whether the singular vectors are wanted, or the values only. */
  readonly lifts: boolean;
}

/**
 * Phase 3: the r largest singular values of B̂ = I/α + w² X Sᵀ of each layer and their left singular vectors. B̂ is never
 * formed: in an orthonormal basis of the columns of [S Y], found through their inner products, it is a matrix of at most
 * 2m×2m, whose singular vectors the basis lifts. A layer of N ≤ 2m numbers is treated whole, on the host.
 */
export interface Factor {
  readonly compileSeconds: number;
  /** The factor of each layer, or why it has none. The columns of S and Y are spent. */
  compute(state: PosteriorState): Promise<FactorOrNot[]>;
}

/** The columns of [S Y] of a large layer, made nearly orthogonal, and their inner products. */
interface Columns {
  /** Null where nothing is lifted. */
  readonly rows: Value | null;
  readonly gram: Matrix;
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

  const orthogonalColumns = async (
    state: PosteriorState,
    rough: readonly (RoughBasis | null)[],
  ): Promise<readonly Columns[]> => {
    if (orthogonalise === null) return [];
    const spent: Value[] = [];
    const inputs = layers.flatMap((layer, index) => {
      if (!isLarge(layer)) return [];
      const posterior = at(state.layers, index);
      const rows = takesPart(posterior) ? [...posterior.s, ...posterior.y] : [];
      spent.push(...rows);
      const zero = rows.length === 0 ? engine.upload(new Float32Array(layer.size), [1, layer.size]) : null;
      const columns = Array.from({ length: width }, (_, row) => zero ?? at(rows, row));
      return [
        { columns, transform: matrixValue(at(rough, index)?.transform.transpose() ?? Matrix.zeros(width, width)) },
      ];
    });
    const { values, numbers } = await orthogonalise.run(inputs, {}, spent);
    return numbers.map((gram, index) => ({
      rows: values[index] ?? null,
      gram: Matrix.from1DArray(width, width, [...gram]),
    }));
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

  /** The singular vectors as rows [r, N], zeros where there are fewer; null for a layer without a factor. */
  const vectorsOf = async (
    bases: readonly (Basis | null)[],
    triplets: readonly (LeadingTriplets | null)[],
    columns: readonly Columns[],
  ): Promise<(Value | null)[]> => {
    const combinations = layers.map((layer, index) => {
      const [basis, found] = [at(bases, index), at(triplets, index)];
      const combination = Matrix.zeros(Math.max(0, rankOf(layer, rank)), isLarge(layer) ? width : layer.size);
      if (basis && found && found.directed.length > 0) {
        combination.setSubMatrix(basis.transform.mmul(found.left).transpose(), 0, 0);
      }
      return combination;
    });
    const held = columns.flatMap(({ rows }) => rows ?? []);
    const inputs = large.map((layer, index) => ({
      rows: at(held, index),
      combination: matrixValue(at(combinations, layers.indexOf(layer))),
    }));
    const lifted = lift === null ? [] : await lift.run(inputs, {}, held);
    return layers.map((layer, index) => {
      if (at(triplets, index) === null || rankOf(layer, rank) === 0) return null;
      return lifted[place.get(layer) ?? -1] ?? matrixValue(at(combinations, index));
    });
  };

  return {
    compileSeconds: (orthogonalise?.compileSeconds ?? 0) + (lift?.compileSeconds ?? 0),
    compute: async (state) => {
      const rough = layers.map((layer, index) => {
        const posterior = at(state.layers, index);
        if (!takesPart(posterior) || !isLarge(layer)) return null;
        return roughBasis(gramOf(posterior.observations), precision);
      });
      const columns = await orthogonalColumns(state, rough);
      const bases: (Basis | null)[] = [];
      const triplets: (LeadingTriplets | null)[] = [];
      for (const [index, layer] of layers.entries()) {
        const posterior = at(state.layers, index);
        const gram = columns[place.get(layer) ?? -1]?.gram;
        const basis = takesPart(posterior) ? await basisOf(layer, posterior, at(rough, index), gram) : null;
        bases.push(basis);
        triplets.push(basis && takesPart(posterior) ? tripletsOf(layer, posterior, basis, state) : null);
      }
      const vectors = lifts ? await vectorsOf(bases, triplets, columns) : [];
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

function orthogonalising(engine: Engine, layers: readonly Layer[], { observations, lifts }: FactorOptions) {
  const width = 2 * observations;
  const inputs: readonly { readonly columns: readonly Tensor[]; readonly transform: Tensor }[] = placeholders(
    'columns',
    layers.map(({ size }) => ({
      columns: Array.from({ length: width }, () => ({ shape: [1, size] })),
      transform: { shape: [width, width] },
    })),
  );
  const rows = inputs.map(({ columns, transform }) => matmul(transform, concatenate(columns, 0)));
  const numbers = rows.map((row) => innerProducts(row, row));
  return compileMeasuring(engine, inputs, { values: lifts ? rows : [], numbers });
}

function lifting(engine: Engine, layers: readonly Layer[], { observations, rank }: FactorOptions) {
  const width = 2 * observations;
  const inputs: readonly { readonly combination: Tensor; readonly rows: Tensor }[] = placeholders(
    'lifted',
    layers.map((layer) => ({
      combination: { shape: [rankOf(layer, rank), width] },
      rows: { shape: [width, layer.size] },
    })),
  );
  return compileFunction(
    engine,
    inputs,
    inputs.map(({ combination, rows }) => matmul(combination, rows)),
  );
}
