import { at } from '../../expect.js';
import { matrixFunction, symmetricEigen } from '../../linear-algebra/symmetric-eigen.js';
import { add, divide, dot, matmul, multiply, sqrt, square, type Tensor, zeros } from '../../tensor/index.js';
import type { HostTensor } from '../host-function.js';
import { averaged, eachOf, quotient, scaled, zerosLike } from '../tensor-lists.js';
import type { Transformation } from '../transformation.js';
import { blockingOf, fromBlocks, grams, toBlocks } from './tensor-blocks.js';

/** How Shampoo averages, how often it takes roots, and whose norm its steps get. */
export interface ShampooOptions {
  readonly beta1: number;
  /** Decay of the factors; 1: their sums, as in the paper. */
  readonly beta2: number;
  readonly epsilon: number;
  readonly blockSize: number;
  /** Steps between two computations of the roots. */
  readonly interval: number;
  readonly grafting: 'none' | 'sgd' | 'adam';
}

/** The state of {@link scaleByShampoo}; factors and roots are stacks of blocks. */
export interface ShampooState {
  readonly [name: string]: readonly Tensor[];
  readonly average: readonly Tensor[];
  readonly squares: readonly Tensor[];
  readonly left: readonly Tensor[];
  readonly right: readonly Tensor[];
  readonly leftRoots: readonly Tensor[];
  readonly rightRoots: readonly Tensor[];
}

/** Eigenvalues below this part of the largest one are rounding errors of single precision. */
const RESOLUTION = 2 ** -23;

/** (A + ε I)^exponent of a symmetric block. */
function root(block: Float64Array, n: number, exponent: number, epsilon: number): Float64Array {
  const decomposition = symmetricEigen(block, n);
  const largest = (decomposition.values.at(-1) ?? 0) + epsilon;
  return matrixFunction(decomposition, (value) => Math.max(value + epsilon, RESOLUTION * largest) ** exponent);
}

/**
 * Shampoo (Gupta, Koren & Singer 2018, algorithm 1): L ← L + G Gᵀ, R ← R + GᵀG, u = L^(−1/4) G R^(−1/4) of each matrix, in blocks (Anil et al. 2020,
 * section 5); vectors have one factor and its power −1/2, kernels are matrices with a row for each output channel. With β₂ < 1 the factors are
 * bias-corrected averages and with β₁ > 0 G is one (Shi et al. 2023). Grafting gives each tensor's step the norm that SGD's or Adam's would
 * have; until the first roots the step is that one itself. Roots are computed on the host in double precision.
 */
export function scaleByShampoo(options: ShampooOptions): Transformation<ShampooState> {
  const { beta1, beta2, epsilon, blockSize, interval, grafting } = options;
  const isMatrix = ({ shape }: Tensor) => shape.length > 1;
  const blocking = (tensor: Tensor) => blockingOf(tensor, blockSize);
  const stack = (tensor: Tensor, side: 'left' | 'right') => {
    const { a, b, p, q } = blocking(tensor);
    return zeros(side === 'left' ? [p * q, a, a] : [p * q, b, b]);
  };
  return {
    init: (parameters) => {
      const left = parameters.map((parameter) => stack(parameter, 'left'));
      const right = parameters.filter(isMatrix).map((parameter) => stack(parameter, 'right'));
      return {
        average: beta1 === 0 ? [] : zerosLike(parameters),
        squares: grafting === 'adam' ? zerosLike(parameters) : [],
        left,
        right,
        leftRoots: left,
        rightRoots: right,
      };
    },
    update: (gradients, { state, scalar, when, onHost }) => {
      const average = beta1 === 0 ? [] : averaged(state.average, gradients, beta1);
      const mean =
        beta1 === 0
          ? gradients
          : scaled(
              average,
              scalar((t) => 1 / (1 - beta1 ** t)),
            );
      const squares = grafting === 'adam' ? averaged(state.squares, gradients.map(square), 0.999) : [];
      const correction = scalar((t) => 1 - 0.999 ** t);
      const grafted =
        grafting === 'adam'
          ? eachOf([mean, squares], (m, v) => divide(m, add(sqrt(divide(v, correction)), 1e-8)))
          : mean;
      const blocks = gradients.map((gradient) => toBlocks(gradient, blocking(gradient)));
      const accumulate = (old: Tensor, more: Tensor) =>
        beta2 === 1 ? add(old, more) : add(multiply(old, beta2), multiply(more, 1 - beta2));
      const left = eachOf([state.left, blocks], (old, block) => accumulate(old, grams(block, 'left')));
      const matrices = gradients.flatMap((gradient, index) => (isMatrix(gradient) ? [at(blocks, index)] : []));
      const right = eachOf([state.right, matrices], (old, block) => accumulate(old, grams(block, 'right')));
      const exponents = [
        ...gradients.map((gradient) => (isMatrix(gradient) ? -1 / 4 : -1 / 2)),
        ...right.map(() => -1 / 4),
      ];
      const first = grafting === 'none' ? 1 : interval;
      const refresh = when((t) => t >= first && (t - first) % interval === 0);
      const rootsOf = (factor: HostTensor, shape: readonly number[], exponent: number, t: number) => {
        const [s = 0, n = 0] = shape;
        const weight = beta2 === 1 ? 1 : 1 - beta2 ** t;
        const numbers = (factor as Float64Array).map((number) => number / weight);
        const result = new Float64Array(numbers.length);
        for (let i = 0; i < s; i++) {
          result.set(root(numbers.slice(i * n * n, (i + 1) * n * n), n, exponent, epsilon), i * n * n);
        }
        return result;
      };
      const factors = [...left, ...right];
      const known = [...state.leftRoots, ...state.rightRoots];
      const roots = refresh
        ? onHost(
            factors,
            factors.map(({ shape }) => shape),
            (given, t) =>
              given.map((factor, index) => rootsOf(factor, at(factors, index).shape, at(exponents, index), t)),
          )
        : known;
      const leftRoots = roots.slice(0, left.length);
      const rightRoots = roots.slice(left.length);
      const next = { average, squares, left, right, leftRoots, rightRoots };
      if (when((t) => t < first)) return { updates: grafted, state: next };
      let matrix = 0;
      const directions = mean.map((gradient, index) => {
        const cut = blocking(gradient);
        const once = matmul(at(leftRoots, index), toBlocks(gradient, cut));
        return fromBlocks(isMatrix(gradient) ? matmul(once, at(rightRoots, matrix++)) : once, cut, gradient);
      });
      const updates =
        grafting === 'none'
          ? directions
          : eachOf([directions, grafted], (u, w) => multiply(u, quotient(sqrt(dot(w, w)), sqrt(dot(u, u)))));
      return { updates, state: next };
    },
  };
}
