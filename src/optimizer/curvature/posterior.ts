import { Matrix } from 'ml-matrix';
import { allFinite } from '../../curvature/symmetric-eigen.js';
import { type Engine, placeholders, uploadScalar, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import {
  add,
  concatenate,
  gradients,
  hessianVectorProduct,
  matmul,
  multiply,
  reshape,
  sqrt,
  stopGradient,
  type Tensor,
} from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { Estimator, Observations, PosteriorMean } from './estimators/estimator.js';
import { type Score, scoreOf } from './estimators/prediction.js';
import type { GroupPrior } from './group-prior.js';
import type { Layer } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import { type NewColumn, noObservations, withColumn } from './observations.js';
import type { FirstColumn } from './prior.js';
import { asRow, combinedRows, decayed, innerProducts, inverseLength, productsWithRows } from './rows.js';

/** What phase 2 knows of one layer. */
export interface LayerPosterior {
  /**
   * Columns of S and Y as rows [1, N] on the engine: 2mN numbers over all layers, the part of an estimation's memory that
   * grows. The programs of phases 2 and 3 copy a few of them at a time (docs/performance.md).
   */
  readonly s: readonly Value[];
  readonly y: readonly Value[];
  readonly observations: Observations;
  /** X, in terms of S and Y. */
  readonly mean: PosteriorMean;
  /** Z of the next direction. */
  readonly correction: Matrix;
  /** Of each observation of phase 2, where they are wanted. */
  readonly scores?: readonly Score[];
}

/** A layer that phase 2 does not treat (any more), and why. */
export interface LeftOut {
  readonly leftOut: string;
}

/** Phase 2 in progress. */
export interface PosteriorState {
  /** Columns collected of each layer that takes part. */
  columns: number;
  /** α, w and λ of each group; null for a group that takes no part. */
  readonly priors: readonly (GroupPrior | null)[];
  layers: readonly (LayerPosterior | LeftOut)[];
}

/** Whether the layer takes part. */
export function takesPart(layer: LayerPosterior | LeftOut): layer is LayerPosterior {
  return !('leftOut' in layer);
}

/** What a posterior is made with. */
export interface PosteriorOptions {
  /** m. */
  readonly observations: number;
  readonly weightDecay: number;
  /** The first column is that of phase 1, or, where that has none, −αg of the first minibatch of phase 2. */
  readonly startsFresh: boolean;
  /** Whether each observation is compared with what was expected of it. */
  readonly scores: boolean;
}

/**
 * Phase 2: on each of m−1 minibatches the direction s = B̂⁻¹g of every layer, the product y = H·s + μs with the
 * concatenated s, and both appended; no parameter update. Without a column of phase 1 on each of m.
 */
export interface Posterior {
  readonly compileSeconds: number;
  /** Starts with the first column of phase 1, whose direction is −αḡ, unless it starts fresh. */
  begin(first: readonly FirstColumn[], minibatches: number, priors: readonly (GroupPrior | null)[]): PosteriorState;
  /** Uses one minibatch; returns its loss. */
  use(state: PosteriorState, feeds: BatchFeeds): Promise<number>;
}

/** Compiles the phase's program, for m observations. */
export async function compilePosterior(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  estimator: Estimator,
  { observations: m, weightDecay, startsFresh, scores }: PosteriorOptions,
): Promise<Posterior> {
  // Columns that can be there before the last one is appended.
  const capacity = Math.max(m - 1, startsFresh ? 1 : 0);
  const inputs = columnInputs(layers, capacity);
  const append =
    capacity === 0
      ? null
      : await compileMeasuring(engine, inputs, appending(problem.loss, layers, inputs, weightDecay), {
          memory: 'sparing',
        });
  return {
    compileSeconds: append?.compileSeconds ?? 0,
    begin: (first, minibatches, priors) => ({
      columns: startsFresh ? 0 : 1,
      priors,
      layers: layers.map(({ group }, index) => {
        const prior = at(priors, group);
        const { s, y, total, sy, yy } = at(first, index);
        if (prior === null || s === null || y === null) return { leftOut: 'its group is not estimated' };
        if (startsFresh) return withoutColumns(prior);
        const length = (prior.alpha * Math.sqrt(total)) / minibatches;
        const column = { length, ss: [], sy: [], ys: [], yy: [], ownSy: sy, ownYy: yy };
        return extended(estimator, { s: [], y: [], observations: noObservations }, prior, { s, y, column });
      }),
    }),
    use: async (state, feeds) => {
      if (append === null) throw new RangeError('one observation needs no minibatch of phase 2');
      const { values, numbers } = await append.run(columnValues(engine, layers, capacity, state), feeds);
      state.layers = layers.map(({ group }, index) => {
        const [layer, prior] = [at(state.layers, index), at(state.priors, group)];
        if (!takesPart(layer) || prior === null) return layer;
        const column = newColumn(at(numbers.columns, index), capacity, state.columns);
        const next = extended(estimator, layer, prior, { ...at(values, index), column });
        if (!scores || !takesPart(next)) return next;
        return { ...next, scores: [...(layer.scores ?? []), scoreOf(layer.mean, prior, column)] };
      });
      state.columns += 1;
      return at(numbers.loss, 0);
    },
  };
}

/** B̂ = I/α: the first direction is αg. */
function withoutColumns({ alpha }: GroupPrior): LayerPosterior {
  const none = Matrix.zeros(0, 0);
  return { s: [], y: [], observations: noObservations, mean: { shift: 1 / alpha, weights: none }, correction: none };
}

/** The layer with one more column, or left out where that gives no finite X and next direction. */
function extended(
  estimator: Estimator,
  { s, y, observations }: Pick<LayerPosterior, 's' | 'y' | 'observations'>,
  prior: GroupPrior,
  next: { readonly s: Value; readonly y: Value; readonly column: NewColumn },
): LayerPosterior | LeftOut {
  if (!(next.column.length > 0)) return { leftOut: observations.lengths.length === 0 ? 'ḡ = 0' : '‖s‖ = 0' };
  const all = withColumn(observations, next.column);
  const mean = estimator.posteriorMean(all, prior);
  const correction = estimator.correction(all, mean, prior);
  if (![all.ss, all.sy, all.yy, mean.weights, correction].every(allFinite)) return { leftOut: 'X is not finite' };
  return { s: [...s, next.s], y: [...y, next.y], observations: all, mean, correction };
}

/** The columns so far of a layer as inputs of the program, and what its next direction is made with. */
interface ColumnInputs<T> {
  readonly s: readonly T[];
  readonly y: readonly T[];
  readonly alpha: T;
  /** [shift Zᵀ, −Zᵀ]. */
  readonly coefficients: T;
}

function columnInputs(layers: readonly Layer[], capacity: number): readonly ColumnInputs<Tensor>[] {
  const of = ({ size }: Layer) => {
    const rows = Array.from({ length: capacity }, () => ({ shape: [1, size] }));
    return { s: rows, y: rows, alpha: { shape: [] }, coefficients: { shape: [capacity, 2 * capacity] } };
  };
  return placeholders('columns', layers.map(of));
}

/** The inputs' values; zeros in the place of columns that are not there. */
function columnValues(
  engine: Engine,
  layers: readonly Layer[],
  capacity: number,
  { layers: states, priors }: PosteriorState,
): ColumnInputs<Value>[] {
  const zeros = new Map<number, Value>();
  const zero = (size: number): Value => {
    const known = zeros.get(size) ?? engine.upload(new Float32Array(size), [1, size]);
    zeros.set(size, known);
    return known;
  };
  return layers.map(({ size, group }, index) => {
    const layer = at(states, index);
    const part = takesPart(layer) ? layer : null;
    const filled = (columns: readonly Value[] = []) =>
      Array.from({ length: capacity }, (_, column) => columns[column] ?? zero(size));
    return {
      s: filled(part?.s),
      y: filled(part?.y),
      alpha: uploadScalar(engine, priors[group]?.alpha ?? 0),
      coefficients: engine.upload(coefficientsOf(part, capacity), [capacity, 2 * capacity]),
    };
  });
}

/** What a minibatch measures of a layer: ‖s‖, [s y]ᵀ[S Y] and [s y]ᵀ[s y]. */
type MeasuredColumn = Readonly<Record<'length' | 'products' | 'own', readonly number[]>>;

/** The inner products of the new column with the `count` that are there. */
function newColumn({ length, products, own }: MeasuredColumn, capacity: number, count: number): NewColumn {
  const row = (vector: number, kind: number) => {
    const start = (2 * vector + kind) * capacity;
    return products.slice(start, start + count);
  };
  const [, ownSy = Number.NaN, , ownYy = Number.NaN] = own;
  return { length: at(length, 0), ss: row(0, 0), ys: row(0, 1), sy: row(1, 0), yy: row(1, 1), ownSy, ownYy };
}

/** [shift Zᵀ, −Zᵀ], filled up with zeros: from Sᵀg to the coefficients of S and Y in the direction. */
function coefficientsOf(layer: LayerPosterior | null, capacity: number): Float64Array {
  const coefficients = Matrix.zeros(capacity, 2 * capacity);
  if (layer !== null) {
    const transposed = layer.correction.transpose();
    coefficients.setSubMatrix(Matrix.mul(transposed, layer.mean.shift), 0, 0);
    coefficients.setSubMatrix(Matrix.mul(transposed, -1), 0, capacity);
  }
  return Float64Array.from(coefficients.to1DArray());
}

function appending(
  loss: Tensor,
  layers: readonly Layer[],
  inputs: readonly ColumnInputs<Tensor>[],
  weightDecay: number,
) {
  const parameters = layers.map(({ parameter }) => parameter);
  const gradient = gradients(loss, parameters);
  const columns = inputs.map(({ s, y }) => [...s, ...y]);
  const directions = layers.map((_, index) => {
    const g = asRow(at(gradient, index));
    const { s, alpha, coefficients } = at(inputs, index);
    const products = productsWithRows(g, s, 8);
    return stopGradient(add(multiply(g, alpha), combinedRows(matmul(products, coefficients), at(columns, index))));
  });
  const vectors = directions.map((row, index) => reshape(row, at(layers, index).shape));
  const products = hessianVectorProduct(gradient, parameters, vectors);
  const pairs = directions.map((direction, index) => {
    const squared = innerProducts(direction, direction);
    const factor = inverseLength(squared);
    const s = multiply(direction, factor);
    const y = multiply(decayed(asRow(at(products, index)), direction, weightDecay), factor);
    const pair = concatenate([s, y], 0);
    const measured = {
      length: sqrt(squared),
      products: productsWithRows(pair, at(columns, index), 12),
      own: innerProducts(pair, pair),
    };
    return { s, y, measured };
  });
  return {
    values: pairs.map(({ s, y }) => ({ s, y })),
    numbers: { loss, columns: pairs.map(({ measured }) => measured) },
  };
}
