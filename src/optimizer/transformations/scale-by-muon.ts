import { exactly } from '../../expect.js';
import { add, divide, matmul, multiply, norm, reshape, type Tensor, transpose } from '../../tensor/index.js';
import { averaged, zerosLike } from '../tensor-lists.js';
import type { Transformation } from '../transformation.js';

/** Coefficients of Jordan's quintic, which raises small singular values fast and never quite settles at 1. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/** How Muon averages and orthogonalises. */
export interface MuonOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly iterations: number;
}

/**
 * Muon (Jordan et al. 2024): m ← μ m + (1 − μ) g, u = (1 − μ) g + μ m; a matrix u becomes nearly orthogonal, times √max(1, rows / columns).
 * Kernels are matrices with a row for each output channel; their factor is that of rows and columns of the window, as in the
 * reference. Vectors stay u.
 */
export function scaleByMuon({
  momentum,
  nesterov,
  iterations,
}: MuonOptions): Transformation<{ readonly average: readonly Tensor[] }> {
  return {
    init: (parameters) => ({ average: zerosLike(parameters) }),
    update: (gradients, { state }) => {
      const average = averaged(state.average, gradients, momentum);
      const directions = nesterov ? averaged(average, gradients, momentum) : average;
      return { updates: directions.map((direction) => orthogonal(direction, iterations)), state: { average } };
    },
  };
}

function orthogonal(direction: Tensor, iterations: number): Tensor {
  const { shape } = direction;
  if (shape.length < 2) return direction;
  const [rows = 1] = shape;
  const columns = shape.slice(1).reduce((product, length) => product * length, 1);
  const [height, width] = exactly(shape.slice(-2), 2);
  const nearly = newtonSchulz(reshape(direction, [rows, columns]), iterations);
  return reshape(multiply(nearly, Math.sqrt(Math.max(1, height / width))), shape);
}

/**
 * X ← a X + (b G + c G²) X with G = X Xᵀ, from U / (‖U‖ + 10⁻⁷): all singular values come near 1. On the side on which G is smaller.
 */
function newtonSchulz(matrix: Tensor, iterations: number): Tensor {
  const [rows, columns] = exactly(matrix.shape, 2);
  const wide = rows > columns ? transpose(matrix) : matrix;
  const start = divide(wide, add(norm(wide), 1e-7));
  const found =
    Math.max(rows, columns) > 1.5 * Math.min(rows, columns) ? ofGram(start, iterations) : ofMatrix(start, iterations);
  return rows > columns ? transpose(found) : found;
}

function ofMatrix(start: Tensor, iterations: number): Tensor {
  let x = start;
  for (let i = 0; i < iterations; i++) {
    const gram = matmul(x, x, { transposeB: true });
    const polynomial = add(multiply(gram, B), multiply(matmul(gram, gram), C));
    x = add(multiply(x, A), matmul(polynomial, x));
  }
  return x;
}

/**
 * The same iterations with the Gram matrix alone: with P = a I + b G + c G² the next G is P G P, and the result is the product of all P times
 * the start, kept as α I + N. All of them are polynomials of one matrix and commute. Cheaper where the matrix is much wider than high.
 */
function ofGram(start: Tensor, iterations: number): Tensor {
  let gram = matmul(start, start, { transposeB: true });
  let [alpha, rest]: [number, Tensor | null] = [1, null];
  for (let i = 0; i < iterations; i++) {
    const polynomial = add(multiply(gram, B), multiply(matmul(gram, gram), C));
    const times = (x: Tensor) => add(multiply(x, A), matmul(polynomial, x));
    rest = rest === null ? multiply(polynomial, alpha) : add(times(rest), multiply(polynomial, alpha));
    alpha *= A;
    if (i < iterations - 1) gram = times(times(gram));
  }
  const own = multiply(start, alpha);
  return rest === null ? own : add(own, matmul(rest, start));
}
