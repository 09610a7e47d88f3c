import { Matrix } from 'ml-matrix';
import type { Engine, Executable, Value } from '../../engine/index.js';
import {
  add,
  concatenate,
  gradients,
  hessianVectorProduct,
  input,
  matmul,
  multiply,
  program,
  reshape,
  slice,
  sqrt,
  stopGradient,
  type Tensor,
} from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
import type { Estimator, Observations, PosteriorMean } from './estimators/estimator.js';
import type { GroupPrior } from './group-prior.js';
import type { Layer } from './layers.js';
import { noObservations, withColumn } from './observations.js';
import { packed, take, type Unpacking, unpack } from './outputs.js';
import type { FirstColumn } from './prior.js';
import { asRow, decayed, innerProducts, inverseLength } from './rows.js';
import { allFinite } from './symmetric-eigen.js';

/** What phase 2 knows of one layer. */
export interface LayerPosterior {
  /**
   * Columns of S and Y as rows [1, N] on the engine: 2mN numbers over all layers, the part of an estimation's memory that
   * grows. The programs of phases 2 and 3 hold copies of them while they run and keep that memory (docs/performance.md).
   */
  readonly s: readonly Value[];
  readonly y: readonly Value[];
  readonly observations: Observations;
  /** X, in terms of S and Y. */
  readonly mean: PosteriorMean;
  /** Z of the next direction. */
  readonly correction: Matrix;
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

/**
 * Phase 2: on each of m−1 minibatches the direction s = B̂⁻¹g of every layer, the product y = H·s + μs with the
 * concatenated s, and both appended; no parameter update.
 */
export class Posterior {
  readonly #engine: Engine;
  readonly #layers: readonly Layer[];
  readonly #estimator: Estimator;
  /** Columns that can be there before the last one is appended: m − 1. */
  readonly #capacity: number;
  /** Null where a single observation is all there is. */
  readonly #append: Executable | null;

  private constructor(
    engine: Engine,
    layers: readonly Layer[],
    estimator: Estimator,
    capacity: number,
    append: Executable | null,
  ) {
    this.#engine = engine;
    this.#layers = layers;
    this.#estimator = estimator;
    this.#capacity = capacity;
    this.#append = append;
  }

  /** Compiles the phase's program, for m observations. */
  static async compile(
    { engine, problem }: TrainingTask,
    layers: readonly Layer[],
    estimator: Estimator,
    { observations, weightDecay }: { readonly observations: number; readonly weightDecay: number },
  ): Promise<Posterior> {
    const capacity = observations - 1;
    const outputs = capacity > 0 ? appending(problem.loss, layers, capacity, weightDecay) : null;
    const append = outputs === null ? null : await engine.compile(program(outputs));
    return new Posterior(engine, layers, estimator, capacity, append);
  }

  get compileSeconds(): number {
    return this.#append?.compileSeconds ?? 0;
  }

  /** Starts with the first column of phase 1, whose direction is −αḡ. */
  begin(first: readonly FirstColumn[], minibatches: number, priors: readonly (GroupPrior | null)[]): PosteriorState {
    const layers = this.#layers.map(({ group }, index): LayerPosterior | LeftOut => {
      const prior = at(priors, group);
      const { s, y, total, sy, yy } = at(first, index);
      if (prior === null || s === null || y === null) return { leftOut: 'its group is not estimated' };
      const length = (prior.alpha * Math.sqrt(total)) / minibatches;
      const column = { length, ss: [], sy: [], ys: [], yy: [], ownSy: sy, ownYy: yy };
      return this.#extended({ s: [], y: [], observations: noObservations }, prior, { s, y, column });
    });
    return { columns: 1, priors, layers };
  }

  /** Uses one minibatch; returns its loss. */
  async use(state: PosteriorState, feeds: BatchFeeds): Promise<number> {
    if (this.#append === null) throw new RangeError('one observation needs no minibatch of phase 2');
    const outputs = await this.#append.run({ ...feeds, ...this.#columnFeeds(state) });
    const numbers = await unpack(this.#engine, outputs);
    const loss = numbers.next();
    state.layers = this.#layers.map(({ name, group }, index) => {
      const column = this.#readColumn(numbers, state.columns);
      const layer = at(state.layers, index);
      const prior = at(state.priors, group);
      if (!takesPart(layer) || prior === null) return layer;
      return this.#extended(layer, prior, { s: take(outputs, `s/${name}`), y: take(outputs, `y/${name}`), column });
    });
    state.columns += 1;
    return loss;
  }

  #readColumn(numbers: Unpacking, count: number) {
    const capacity = this.#capacity;
    const length = numbers.next();
    const [ofS, ofY] = [numbers.take(2 * capacity), numbers.take(2 * capacity)];
    const [, ownSy = Number.NaN, , ownYy = Number.NaN] = numbers.take(4);
    return {
      length,
      ss: ofS.slice(0, count),
      ys: ofS.slice(capacity, capacity + count),
      sy: ofY.slice(0, count),
      yy: ofY.slice(capacity, capacity + count),
      ownSy,
      ownYy,
    };
  }

  /** The layer with one more column, or left out where that gives no finite X and next direction. */
  #extended(
    { s, y, observations }: Pick<LayerPosterior, 's' | 'y' | 'observations'>,
    prior: GroupPrior,
    next: { readonly s: Value; readonly y: Value; readonly column: Parameters<typeof withColumn>[1] },
  ): LayerPosterior | LeftOut {
    const { length } = next.column;
    if (!(length > 0)) return { leftOut: observations.lengths.length === 0 ? 'ḡ = 0' : '‖s‖ = 0' };
    const extended = withColumn(observations, next.column);
    return this.completed({ s: [...s, next.s], y: [...y, next.y], observations: extended }, prior);
  }

  /** The layer's X and next direction from its observations; left out where they are not finite. */
  completed(
    { s, y, observations }: Pick<LayerPosterior, 's' | 'y' | 'observations'>,
    prior: GroupPrior | null,
  ): LayerPosterior | LeftOut {
    if (prior === null) return { leftOut: 'its group is not estimated' };
    const mean = this.#estimator.posteriorMean(observations, prior);
    const correction = this.#estimator.correction(observations, mean, prior);
    const { ss, sy, yy } = observations;
    if (![ss, sy, yy, mean.weights, correction].every(allFinite)) return { leftOut: 'X is not finite' };
    return { s, y, observations, mean, correction };
  }

  #columnFeeds({ layers, priors }: PosteriorState): Record<string, Value> {
    const feeds: Record<string, Value> = {};
    const zeros = new Map<number, Value>();
    const zero = (size: number): Value => {
      const known = zeros.get(size) ?? this.#engine.upload(new Float32Array(size), [1, size]);
      zeros.set(size, known);
      return known;
    };
    for (const [index, { name, size, group }] of this.#layers.entries()) {
      const layer = at(layers, index);
      const part = takesPart(layer) ? layer : null;
      feeds[`alpha/${name}`] = this.#engine.upload(Float64Array.of(priors[group]?.alpha ?? 0), []);
      feeds[`coefficients/${name}`] = this.#engine.upload(coefficientsOf(part, this.#capacity), [
        this.#capacity,
        2 * this.#capacity,
      ]);
      for (let column = 0; column < this.#capacity; column++) {
        feeds[`s/${name}/${column}`] = part?.s[column] ?? zero(size);
        feeds[`y/${name}/${column}`] = part?.y[column] ?? zero(size);
      }
    }
    return feeds;
  }
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
  capacity: number,
  weightDecay: number,
): Record<string, Tensor> {
  const parameters = layers.map(({ parameter }) => parameter);
  const gradient = gradients(loss, parameters);
  const columns = layers.map(({ name, size }) => {
    const rows = (kind: string) =>
      Array.from({ length: capacity }, (_, column) => input(`${kind}/${name}/${column}`, [1, size]));
    return concatenate([...rows('s'), ...rows('y')], 0);
  });
  const directions = layers.map(({ name, size }, index) => {
    const g = asRow(at(gradient, index));
    const all = at(columns, index);
    const products = innerProducts(g, slice(all, [0, 0], [capacity, size]));
    const coefficients = matmul(products, input(`coefficients/${name}`, [capacity, 2 * capacity]));
    return stopGradient(add(multiply(g, input(`alpha/${name}`, [])), matmul(coefficients, all)));
  });
  const vectors = directions.map((row, index) => reshape(row, at(layers, index).shape));
  const products = hessianVectorProduct(gradient, parameters, vectors);
  const outputs: Record<string, Tensor> = {};
  const numbers: Tensor[] = [loss];
  for (const [index, { name }] of layers.entries()) {
    const direction = at(directions, index);
    const squared = innerProducts(direction, direction);
    const factor = inverseLength(squared);
    const s = multiply(direction, factor);
    const y = multiply(decayed(asRow(at(products, index)), direction, weightDecay), factor);
    const pair = concatenate([s, y], 0);
    numbers.push(sqrt(squared), innerProducts(pair, at(columns, index)), innerProducts(pair, pair));
    outputs[`s/${name}`] = s;
    outputs[`y/${name}`] = y;
  }
  return { numbers: packed(numbers), ...outputs };
}
