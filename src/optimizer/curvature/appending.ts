import { Matrix } from 'ml-matrix';
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
import type { Layer } from './layers.js';
import type { NewColumn } from './observations.js';
import { type LayerPosterior, type PosteriorState, takesPart } from './posterior-state.js';
import { asRow, combinedRows, decayed, innerProducts, inverseLength, productsWithRows } from './rows.js';

/** The columns so far of a layer as inputs of the program, and what its next direction is made with. */
export interface ColumnInputs<T> {
  readonly s: readonly T[];
  readonly y: readonly T[];
  readonly alpha: T;
  /** [shift Zᵀ, −Zᵀ]. */
  readonly coefficients: T;
}

export function columnInputs(layers: readonly Layer[], capacity: number): readonly ColumnInputs<Tensor>[] {
  const of = ({ size }: Layer) => {
    const rows = Array.from({ length: capacity }, () => ({ shape: [1, size] }));
    return { s: rows, y: rows, alpha: { shape: [] }, coefficients: { shape: [capacity, 2 * capacity] } };
  };
  return placeholders('columns', layers.map(of));
}

/** The inputs' values; zeros in the place of columns that are not there. */
export function columnValues(
  engine: Engine,
  layers: readonly Layer[],
  capacity: number,
  { layers: states, priors }: PosteriorState,
): ColumnInputs<Value>[] {
  const filled = filling(engine, capacity);
  return layers.map(({ size, group }, index) => {
    const layer = at(states, index);
    const part = takesPart(layer) ? layer : null;
    return {
      s: filled(size, part?.s),
      y: filled(size, part?.y),
      alpha: uploadScalar(engine, priors[group]?.alpha ?? 0),
      coefficients: engine.upload(coefficientsOf(part, capacity), [capacity, 2 * capacity]),
    };
  });
}

/** Columns with zeros after them, up to `capacity`; layers of one size share the zeros. */
export function filling(engine: Engine, capacity: number): (size: number, columns?: readonly Value[]) => Value[] {
  const zeros = new Map<number, Value>();
  const zero = (size: number): Value => {
    const known = zeros.get(size) ?? engine.upload(new Float32Array(size), [1, size]);
    zeros.set(size, known);
    return known;
  };
  return (size, columns = []) => Array.from({ length: capacity }, (_, column) => columns[column] ?? zero(size));
}

/** What a minibatch measures of a layer: ‖s‖, [s y]ᵀ[S Y] and [s y]ᵀ[s y]. */
type MeasuredColumn = Readonly<Record<'length' | 'products' | 'own', readonly number[]>>;

/** The inner products of the new column with the `count` that are there. */
export function newColumn({ length, products, own }: MeasuredColumn, capacity: number, count: number): NewColumn {
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

/**
 * The program of a minibatch: gradient, directions s = B̂⁻¹g, the product of all of them, and the inner products with the
 * columns so far.
 */
export function appending(
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
