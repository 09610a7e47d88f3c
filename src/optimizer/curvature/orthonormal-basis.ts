import { Matrix } from 'ml-matrix';
import { symmetricEigen } from '../../curvature/symmetric-eigen.js';
import { at } from '../../expect.js';

/**
 * A basis Q of the columns of a tall N×k matrix A that the host never sees: Q = A · transform and A = Q · coordinates.
 * Only k×k inner products are needed (SVQB, Stathopoulos & Wu 2002). One pass loses half of the digits, so there are two,
 * as twice is enough (Giraud, Langou & Rozložník 2005): the first makes the columns nearly orthogonal, the second, with the
 * inner products of those, orthonormal to the precision of the numbers.
 */
export interface Basis {
  readonly transform: Matrix;
  readonly coordinates: Matrix;
}

/** The result of the first pass: k columns of length ≤ 1, none dropped, and how exactly each is known. */
export interface RoughBasis extends Basis {
  /** Bound of the rounding error in each column of A · transform. */
  readonly errors: readonly number[];
}

/** First pass, from AᵀA: eigenvalues below the rounding errors of the inner products are raised to those. */
export function roughBasis(gram: Matrix, precision: number): RoughBasis | null {
  const count = gram.rows;
  const lengths = gram.diagonal().map((square) => (square > 0 ? Math.sqrt(square) : 1));
  const eigen = symmetricEigen(scaledBothSides(gram, lengths));
  if (eigen === null) return null;
  const least = 10 * count * precision * Math.max(...eigen.values);
  const roots = eigen.values.map((value) => Math.sqrt(Math.max(value, least)) || 1);
  return {
    transform: Matrix.diag(lengths.map(inverseOf))
      .mmul(eigen.vectors)
      .mmul(Matrix.diag(roots.map(inverseOf))),
    coordinates: Matrix.diag(roots).mmul(eigen.vectors.transpose()).mmul(Matrix.diag(lengths)),
    errors: roots.map((root) => (Math.sqrt(count) * precision) / root),
  };
}

/**
 * Second pass, from QᵀQ of the first one's columns: what is not larger than its error is dropped. `transform` leads from
 * the first pass's columns to the orthonormal ones, `coordinates` are those of A.
 */
export function orthonormalBasis(gram: Matrix, rough: RoughBasis): Basis | null {
  const lengths = gram.diagonal().map((square) => Math.sqrt(Math.max(square, 0)));
  const kept = lengths.flatMap((length, index) => (length > 10 * at(rough.errors, index) ? [index] : []));
  if (kept.length === 0) return { transform: Matrix.zeros(gram.rows, 0), coordinates: Matrix.zeros(0, gram.rows) };
  const keptLengths = kept.map((index) => at(lengths, index));
  const eigen = symmetricEigen(scaledBothSides(gram.selection(kept, kept), keptLengths));
  if (eigen === null) return null;
  const least = 4 * kept.reduce((sum, index) => sum + (at(rough.errors, index) / at(lengths, index)) ** 2, 0);
  const columns = eigen.values.flatMap((value, index) => (value > least ? [index] : []));
  const vectors = eigen.vectors.subMatrixColumn(columns);
  const roots = columns.map((index) => Math.sqrt(at(eigen.values, index)));
  const fromKept = Matrix.diag(keptLengths.map(inverseOf))
    .mmul(vectors)
    .mmul(Matrix.diag(roots.map(inverseOf)));
  const transform = Matrix.zeros(gram.rows, columns.length);
  for (const [row, index] of kept.entries()) transform.setRow(index, fromKept.getRow(row));
  const coordinates = Matrix.diag(roots)
    .mmul(vectors.transpose())
    .mmul(Matrix.diag(keptLengths))
    .mmul(rough.coordinates.subMatrixRow(kept));
  return { transform, coordinates };
}

function scaledBothSides(gram: Matrix, lengths: readonly number[]): Matrix {
  const scale = Matrix.diag(lengths.map(inverseOf));
  return scale.mmul(gram).mmul(scale);
}

function inverseOf(value: number): number {
  return 1 / value;
}
