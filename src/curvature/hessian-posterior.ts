import { Matrix, solve } from 'ml-matrix';
import { inverseOfPositive } from './inverse-of-positive.js';
import { allFinite } from './symmetric-eigen.js';
import { addCombination, dot, inPrecisionOf, norm, projections, scaled, type Vector } from './vector.js';

/** The Gaussian prior of active probabilistic inference (de Roos & Hennig 2019) with W = wI and Λ = λI. */
export interface HessianPrior {
  /** 1/α is the prior mean of every curvature. */
  readonly alpha: number;
  /** Standard deviation of each element. */
  readonly w: number;
  /** Standard deviation of each coordinate of a product with a vector of length 1. */
  readonly lambda: number;
}

/** Two vectors u and v, between which the matrix is asked: uᵀBv. */
export interface Between {
  readonly u: Vector;
  readonly v: Vector;
}

/**
 * The posterior of a matrix B after noisy products with some vectors. Its rows are independent and share the covariance V,
 * so that cov(B) = I ⊗ V: B̂ = I/α + w² X Sᵀ, X = (Y − S/α) C, V = w² (I − w² S C Sᵀ), C = (w² SᵀS + λ²I)⁻¹ (eq. 8), S with
 * columns of length 1. Neither B̂ nor V is formed: m products take 2m vectors, and a question costs 2m inner products.
 */
export class HessianPosterior {
  readonly prior: HessianPrior;
  #s: readonly Vector[] = [];
  #y: readonly Vector[] = [];
  /** SᵀS and SᵀY. */
  #ss: readonly (readonly number[])[] = [];
  #sy: readonly (readonly number[])[] = [];
  /** C. Not finite where the products do not determine a posterior. */
  #weights = Matrix.zeros(0, 0);

  constructor(prior: HessianPrior) {
    this.prior = prior;
  }

  /** How many products it has seen. */
  get observations(): number {
    return this.#s.length;
  }

  /** Takes the product of a vector of any length but 0. Throws RangeError for one without a direction. */
  observe(vector: Vector, product: Vector): void {
    const length = norm(vector);
    if (!(length > 0 && Number.isFinite(length))) {
      throw new RangeError(`posterior: the vector has length ${length}, expected a positive one`);
    }
    const y = scaled(product, 1 / length);
    const s = inPrecisionOf(y, scaled(vector, 1 / length));
    const bordered = (table: readonly (readonly number[])[], right: readonly number[], below: readonly number[]) => [
      ...table.map((row, index) => [...row, right[index] ?? Number.NaN]),
      below,
    ];
    const ss = projections(this.#s, s);
    this.#ss = bordered(this.#ss, ss, [...ss, dot(s, s)]);
    this.#sy = bordered(this.#sy, projections(this.#s, y), [...projections(this.#y, s), dot(s, y)]);
    this.#s = [...this.#s, s];
    this.#y = [...this.#y, y];
    this.#weights = this.#weighted();
  }

  /** The posterior that the same products make of another prior. */
  under(prior: HessianPrior): HessianPosterior {
    const other = new HessianPosterior(prior);
    [other.#s, other.#y, other.#ss, other.#sy] = [this.#s, this.#y, this.#ss, this.#sy];
    if (this.observations > 0) other.#weights = other.#weighted();
    return other;
  }

  #weighted(): Matrix {
    const { w, lambda } = this.prior;
    const size = this.observations;
    return inverseOfPositive(
      matrixOf(this.#ss)
        .mul(w ** 2)
        .add(Matrix.eye(size, size, lambda ** 2)),
    );
  }

  /** B̂ v. */
  product(v: Vector): Float64Array {
    const { alpha, w } = this.prior;
    if (this.observations === 0) return scaled(new Float64Array(v), 1 / alpha);
    return this.#combined(v, 1 / alpha, this.#weights.mmul(this.#along(v)).mul(w ** 2));
  }

  /** B̂⁻¹ g, by the matrix inversion lemma (eq. 16). */
  solve(g: Vector): Float64Array {
    const { alpha, w } = this.prior;
    const size = this.#s.length;
    if (size === 0) return scaled(new Float64Array(g), alpha);
    const stx = Matrix.sub(matrixOf(this.#sy), matrixOf(this.#ss).div(alpha)).mmul(this.#weights);
    const inner = Matrix.add(Matrix.eye(size, size), stx.mul(alpha * w ** 2));
    const solved = this.#weights.mmul(solution(inner, this.#along(g)));
    return this.#combined(g, alpha, solved.mul(-((alpha * w) ** 2)));
  }

  /** The expectation of uᵀBv. */
  mean({ u, v }: Between): number {
    return dot(u, this.product(v));
  }

  /** cov(uᵀBv, u′ᵀBv′) = (uᵀu′)(vᵀVv′). */
  covariance(first: Between, second: Between): number {
    const { w } = this.prior;
    const known =
      this.observations === 0
        ? 0
        : this.#along(first.v).transpose().mmul(this.#weights).mmul(this.#along(second.v)).get(0, 0);
    return dot(first.u, second.u) * w ** 2 * (dot(first.v, second.v) - w ** 2 * known);
  }

  /** Var(uᵀBv) = ‖u‖² vᵀVv. */
  variance(between: Between): number {
    return this.covariance(between, between);
  }

  /** Sᵀv as a column. */
  #along(v: Vector): Matrix {
    return Matrix.columnVector(projections(this.#s, v));
  }

  /** c v + (Y − S/α) coefficients. */
  #combined(v: Vector, c: number, coefficients: Matrix): Float64Array {
    const result = scaled(new Float64Array(v), c);
    const weights = coefficients.to1DArray();
    addCombination(result, this.#y, weights);
    addCombination(
      result,
      this.#s,
      weights.map((value) => -value / this.prior.alpha),
    );
    return result;
  }
}

function matrixOf(table: readonly (readonly number[])[]): Matrix {
  return new Matrix(table.map((row) => [...row]));
}

/** A⁻¹ b; NaN where there is none. */
function solution(matrix: Matrix, right: Matrix): Matrix {
  if (!allFinite(matrix)) return Matrix.zeros(right.rows, 1).fill(Number.NaN);
  try {
    return solve(matrix, right);
  } catch {
    return Matrix.zeros(right.rows, 1).fill(Number.NaN);
  }
}
