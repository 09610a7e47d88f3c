/** The product of the reflectors of some columns, H₁ H₂ … = I − Y T Yᵀ (Schreiber & Van Loan 1989). */
export interface PanelReflectors {
  /** rows × columns, row-major. */
  readonly y: Float64Array;
  /** columns × columns, row-major, upper triangular. */
  readonly t: Float64Array;
}

/**
 * Householder reflectors that bring the first columns of a matrix into upper triangular form. `panel` has these columns, rows × columns,
 * row-major, with no more columns than rows; a column of zeros gets no reflection.
 */
export function panelReflectors(panel: Float64Array, rows: number, columns: number): PanelReflectors {
  // By columns, so that the inner loops go through memory in order.
  const a = new Float64Array(panel.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) a[j * rows + i] = panel[i * columns + j] as number;
  }
  const t = new Float64Array(columns * columns);
  for (let j = 0; j < columns; j++) {
    const v = j * rows;
    const tau = reflector(a, v, j, rows);
    for (let other = j + 1; other < columns; other++) reflect(a, other * rows, v, tau, j, rows);
    // T grows by the column −τ T Yᵀv, and τ.
    t[j * columns + j] = tau;
    const products = new Float64Array(j);
    for (let i = 0; i < j; i++) products[i] = inner(a, i * rows, v, j, rows);
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += (t[i * columns + k] as number) * (products[k] as number);
      t[i * columns + j] = -tau * sum;
    }
  }
  const y = new Float64Array(panel.length);
  for (let j = 0; j < columns; j++) {
    for (let i = j; i < rows; i++) y[i * columns + j] = a[j * rows + i] as number;
  }
  return { y, t };
}

/** Puts the reflector v of a column in its place, with v_j = 1 and zeros counted as above it; returns τ of H = I − τ v vᵀ. */
function reflector(a: Float64Array, column: number, j: number, rows: number): number {
  let largest = 0;
  for (let i = j; i < rows; i++) largest = Math.max(largest, Math.abs(a[column + i] as number));
  if (largest === 0) {
    a[column + j] = 1;
    return 0;
  }
  let squares = 0;
  for (let i = j; i < rows; i++) {
    const x = (a[column + i] as number) / largest;
    squares += x * x;
  }
  const first = a[column + j] as number;
  const length = largest * Math.sqrt(squares);
  const head = first >= 0 ? first + length : first - length;
  for (let i = j + 1; i < rows; i++) a[column + i] = (a[column + i] as number) / head;
  a[column + j] = 1;
  return Math.abs(head) / length;
}

/** Another column minus τ (vᵀ column) v. */
function reflect(a: Float64Array, column: number, v: number, tau: number, j: number, rows: number): void {
  const factor = tau * inner(a, column, v, j, rows);
  for (let i = j; i < rows; i++) a[column + i] = (a[column + i] as number) - factor * (a[v + i] as number);
}

/** The scalar product of two columns from row j on. */
function inner(a: Float64Array, left: number, right: number, j: number, rows: number): number {
  let [even, odd] = [0, 0];
  let i = j;
  for (; i + 1 < rows; i += 2) {
    even += (a[left + i] as number) * (a[right + i] as number);
    odd += (a[left + i + 1] as number) * (a[right + i + 1] as number);
  }
  return even + odd + (i < rows ? (a[left + i] as number) * (a[right + i] as number) : 0);
}
