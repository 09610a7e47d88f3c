import { at } from '../../expect.js';
import { symmetricEigen } from '../../linear-algebra/symmetric-eigen.js';
import {
  add,
  divide,
  matmul,
  multiply,
  reshape,
  sizeOf,
  sqrt,
  square,
  sum,
  type Tensor,
  transpose,
  zeros,
} from '../../tensor/index.js';
import { averaged, eachOf, zerosLike } from '../tensor-lists.js';
import type { Transformation } from '../transformation.js';
import { orthonormalColumns } from './orthonormal-columns.js';

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
  const n = at(tensor.shape, axis);
  const order = [axis, ...[...tensor.shape.keys()].filter((other) => other !== axis)];
  const front = axis === 0 ? tensor : transpose(tensor, order);
  return reshape(front, [n, tensor.shape.reduce((size, length) => size * length, 1) / n]);
}

/** Q X along an axis, or Qᵀ X. */
function turned(tensor: Tensor, axis: number, basis: Tensor, transposeA: boolean): Tensor {
  const rest = tensor.shape.filter((_, other) => other !== axis);
  const product = reshape(matmul(basis, unfolded(tensor, axis), { transposeA }), [at(tensor.shape, axis), ...rest]);
  if (axis === 0) return product;
  // Back from [axis, others] to the tensor's order.
  return transpose(
    product,
    [...tensor.shape.keys()].map((place) => (place === axis ? 0 : place < axis ? place + 1 : place)),
  );
}

/** The eigenvectors of a symmetric n × n matrix as columns, the largest eigenvalue first. */
function eigenvectors(matrix: Float64Array, n: number): Float64Array {
  const { vectors } = symmetricEigen(matrix, n);
  const columns = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) columns[i * n + j] = vectors[(n - 1 - j) * n + i] as number;
  }
  return columns;
}

/** The numbers with the entries along an axis in another order. */
function reordered(numbers: Float64Array, shape: readonly number[], axis: number, order: Int32Array): Float64Array {
  const inner = sizeOf(shape.slice(axis + 1));
  const n = at(shape, axis);
  const result = new Float64Array(numbers.length);
  for (let begin = 0; begin < numbers.length; begin += n * inner) {
    for (let to = 0; to < n; to++) {
      const from = begin + (order[to] as number) * inner;
      for (let k = 0; k < inner; k++) result[begin + to * inner + k] = numbers[from + k] as number;
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
        axesOf(parameter).map((axis) => zeros([at(parameter.shape, axis), at(parameter.shape, axis)])),
      );
      return { first: zerosLike(parameters), second: zerosLike(parameters), moments: matrices, bases: matrices };
    },
    update: (gradients, { state, scalar, when, onHost }) => {
      const moments = squares(gradients).map((list, index) => averaged(at(state.moments, index), list, beta2));
      if (when((t) => t === 1)) {
        const all = moments.flat();
        const made = onHost(
          all.map(flat),
          all.map(({ shape }) => shape),
          (given) => given.map((matrix, index) => eigenvectors(matrix as Float64Array, at(at(all, index).shape, 0))),
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
      const products = eachBasis(moments, state.bases, (moment, basis) => matmul(moment, basis));
      const sizes = eachBasis(products, state.bases, (product, basis) => sum(multiply(product, basis), [0]));
      const shapes = products.map((own, index) => [...own.map(({ shape }) => shape), at(gradients, index).shape]);
      // Columns of bases, and v along each axis, in the order of the eigenvalues that they stand for.
      const sorted = onHost(
        [...products.flat().map(flat), ...sizes.flat(), ...second.map(flat)],
        shapes.flat(),
        (given) => {
          const numbers = given as readonly Float64Array[];
          const count = products.flat().length;
          let axis = 0;
          return gradients.flatMap((gradient, index) => {
            let squaresOf = at(numbers, 2 * count + index);
            const turnedBases = axesOf(gradient).map((along) => {
              const [product, size] = [at(numbers, axis), at(numbers, count + axis)];
              axis += 1;
              const order = Int32Array.from(size.keys()).sort(
                (i, j) => (size[j] as number) - (size[i] as number) || i - j,
              );
              squaresOf = reordered(squaresOf, gradient.shape, along, order);
              return reordered(product, [size.length, size.length], 1, order);
            });
            return [...turnedBases, squaresOf];
          });
        },
      );
      const groups = regrouped(sorted, shapes);
      const turnedProducts = groups.flatMap((group) => group.slice(0, -1));
      const bases = regrouped(orthonormalColumns(turnedProducts, onHost), moments);
      return {
        updates,
        state: {
          first: turnedAll(outside, bases, true),
          second: groups.map((group) => at(group, group.length - 1)),
          moments,
          bases,
        },
      };
    },
  };
}

/** All numbers of a tensor in one row. */
function flat(tensor: Tensor): Tensor {
  return reshape(tensor, [sizeOf(tensor.shape)]);
}

/** f of what belongs to each basis. */
function eachBasis(
  a: readonly (readonly Tensor[])[],
  b: readonly (readonly Tensor[])[],
  f: (x: Tensor, y: Tensor) => Tensor,
): Tensor[][] {
  return a.map((own, index) => own.map((x, axis) => f(x, at(at(b, index), axis))));
}

/** A flat list in the groups of another. */
function regrouped(list: readonly Tensor[], like: readonly (readonly unknown[])[]): Tensor[][] {
  let next = 0;
  return like.map((group) => group.map(() => at(list, next++)));
}
