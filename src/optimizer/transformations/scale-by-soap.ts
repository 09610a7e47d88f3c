import {
  add,
  divide,
  matmul,
  multiply,
  reshape,
  sqrt,
  square,
  sum,
  type Tensor,
  transpose,
  zeros,
} from '../../tensor/index.js';
import type { HostTensor } from '../host-function.js';
import { eigen, Matrix, qr } from '../linear-algebra.js';
import { averaged, eachOf, zerosLike } from '../tensor-lists.js';
import { at, type Transformation } from '../transformation.js';

/** How SOAP averages and how often it turns its bases. */
export interface SoapOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly interval: number;
  /** Axes that are longer keep their basis. */
  readonly maxDim: number;
}

/** The state of {@link scaleBySoap}: for each parameter a matrix and a basis for each axis that is turned. */
export interface SoapState {
  readonly [name: string]: readonly Tensor[] | readonly (readonly Tensor[])[];
  readonly first: readonly Tensor[];
  readonly second: readonly Tensor[];
  readonly moments: readonly (readonly Tensor[])[];
  readonly bases: readonly (readonly Tensor[])[];
}

/** The tensor as a matrix with the axis' index as its row. */
function unfolded(tensor: Tensor, axis: number): Tensor {
  const n = tensor.shape[axis] ?? 1;
  const order = [axis, ...[...tensor.shape.keys()].filter((other) => other !== axis)];
  const front = axis === 0 ? tensor : transpose(tensor, order);
  return reshape(front, [n, tensor.shape.reduce((size, length) => size * length, 1) / n]);
}

/** Q X along an axis, or Qᵀ X. */
function turned(tensor: Tensor, axis: number, basis: Tensor, transposeA: boolean): Tensor {
  const rest = tensor.shape.filter((_, other) => other !== axis);
  const product = reshape(matmul(basis, unfolded(tensor, axis), { transposeA }), [tensor.shape[axis] ?? 1, ...rest]);
  if (axis === 0) return product;
  // Back from [axis, others] to the tensor's order.
  return transpose(
    product,
    [...tensor.shape.keys()].map((place) => (place === axis ? 0 : place < axis ? place + 1 : place)),
  );
}

/** The eigenvectors of a symmetric matrix, the largest eigenvalue first. */
function eigenvectors(given: HostTensor): Matrix {
  const matrix = given as Matrix;
  if (!matrix.to1DArray().every(Number.isFinite)) return Matrix.zeros(matrix.rows, matrix.columns).fill(Number.NaN);
  const { vectors } = eigen(matrix);
  return Matrix.zeros(matrix.rows, matrix.columns).apply(function reversed(this: Matrix, i, j) {
    this.set(i, j, vectors.get(i, matrix.columns - 1 - j));
  });
}

/** The numbers with the entries along an axis in another order. */
function reordered(
  numbers: Float64Array,
  shape: readonly number[],
  axis: number,
  order: readonly number[],
): Float64Array {
  const inner = shape.slice(axis + 1).reduce((size, length) => size * length, 1);
  const n = shape[axis] ?? 1;
  const result = new Float64Array(numbers.length);
  for (let begin = 0; begin < numbers.length; begin += n * inner) {
    for (const [to, from] of order.entries()) {
      const start = begin + from * inner;
      result.set(numbers.subarray(start, start + inner), begin + to * inner);
    }
  }
  return result;
}

/**
 * SOAP (Vyas et al. 2024, algorithm 3, as its authors' code): Adam in the eigenbases Q of the averaged second moments of each axis, G Gᵀ and GᵀG of a
 * matrix. P = Q_LᵀG Q_R; m and v are Adam's averages of P and P²; u = √c₂/c₁ Q_L (m / (√v + ε)) Q_Rᵀ. After the step the second moments take in
 * G; every k steps a basis makes a step of orthogonal iteration (a QR decomposition of its second moment times it), its columns
 * in the order of their eigenvalues, as v is; m is turned into the new basis. The first call only makes the bases. Vectors get Adam's step.
 */
export function scaleBySoap({ beta1, beta2, epsilon, interval, maxDim }: SoapOptions): Transformation<SoapState> {
  const axesOf = ({ shape }: Tensor) =>
    shape.length < 2 ? [] : [...shape.entries()].flatMap(([axis, length]) => (length <= maxDim ? [axis] : []));
  const squares = (tensors: readonly Tensor[]) =>
    tensors.map((tensor) =>
      axesOf(tensor).map((axis) => {
        const x = unfolded(tensor, axis);
        return matmul(x, x, { transposeB: true });
      }),
    );
  const project = (tensor: Tensor, bases: readonly Tensor[], transposed: boolean) =>
    axesOf(tensor).reduce((x, axis, place) => turned(x, axis, at(bases, place), transposed), tensor);
  const turnedAll = (tensors: readonly Tensor[], bases: readonly (readonly Tensor[])[], transposed: boolean) =>
    tensors.map((tensor, index) => project(tensor, at(bases, index), transposed));
  return {
    init: (parameters) => {
      const matrices = parameters.map((parameter) =>
        axesOf(parameter).map((axis) => zeros([parameter.shape[axis] ?? 1, parameter.shape[axis] ?? 1])),
      );
      return { first: zerosLike(parameters), second: zerosLike(parameters), moments: matrices, bases: matrices };
    },
    update: (gradients, { state, scalar, when, onHost }) => {
      const moments = squares(gradients).map((list, index) => averaged(at(state.moments, index), list, beta2));
      if (when((t) => t === 1)) {
        const flat = moments.flat();
        const made = onHost(
          flat,
          flat.map(({ shape }) => shape),
          (given) => given.map(eigenvectors),
        );
        return { updates: zerosLike(gradients), state: { ...state, moments, bases: regrouped(made, moments) } };
      }
      const inside = turnedAll(gradients, state.bases, true);
      const first = averaged(state.first, inside, beta1);
      const second = averaged(state.second, inside.map(square), beta2);
      const factor = scalar((t) => Math.sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1)));
      const steps = eachOf([first, second], (m, v) => multiply(divide(m, add(sqrt(v), epsilon)), factor));
      const updates = turnedAll(steps, state.bases, false);
      const next = { first, second, moments, bases: state.bases };
      if (!when((t) => (t - 1) % interval === 0)) return { updates, state: next };
      const outside = turnedAll(first, state.bases, false);
      const refreshed = gradients.map((gradient, index) => {
        const axes = axesOf(gradient);
        if (axes.length === 0) return { bases: [], second: at(second, index) };
        const bases = at(state.bases, index);
        const products = axes.map((_, place) => matmul(at(at(moments, index), place), at(bases, place)));
        const sizes = products.map((product, place) => sum(multiply(product, at(bases, place)), [0]));
        const { shape } = gradient;
        const flat = reshape(at(second, index), [gradient.shape.reduce((size, length) => size * length, 1)]);
        const found = onHost([...products, ...sizes, flat], [...bases.map((basis) => basis.shape), shape], (given) => {
          let numbers = given.at(-1) as Float64Array;
          const turnedBases = axes.map((axis, place) => {
            const product = given[place] as Matrix;
            const size = given[axes.length + place] as Float64Array;
            const order = [...size.keys()].sort((i, j) => (size[j] ?? 0) - (size[i] ?? 0));
            numbers = reordered(numbers, shape, axis, order);
            const sorted = product.subMatrixColumn(order);
            return sorted.to1DArray().every(Number.isFinite) ? qr(sorted).q : sorted;
          });
          return [...turnedBases, numbers];
        });
        return { bases: found.slice(0, axes.length), second: at(found, axes.length) };
      });
      const bases = refreshed.map((entry) => entry.bases);
      return {
        updates,
        state: {
          first: turnedAll(outside, bases, true),
          second: refreshed.map((entry) => entry.second),
          moments,
          bases,
        },
      };
    },
  };
}

/** A flat list in the groups of another. */
function regrouped(list: readonly Tensor[], like: readonly (readonly Tensor[])[]): Tensor[][] {
  let next = 0;
  return like.map((group) => group.map(() => at(list, next++)));
}
