/** The eigendecomposition of a symmetric n × n matrix. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** n × n, row-major: row k is the unit eigenvector of value k. */
  readonly vectors: Float64Array;
}

/**
 * All eigenvalues and eigenvectors of a symmetric matrix in double precision: Householder's tridiagonal form and implicit QL steps (Martin,
 * Reinsch & Wilkinson 1968, the procedures tred2 and tql2). `matrix` is n × n, row-major; its lower half is read. With a number in
 * it that is not finite everything is NaN.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  if (!matrix.every(Number.isFinite)) {
    return { values: new Float64Array(n).fill(Number.NaN), vectors: new Float64Array(n * n).fill(Number.NaN) };
  }
  // Powers of two cost no digit, and keep squares in range.
  const largest = matrix.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  const unit = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  const work = matrix.map((entry) => entry / unit);
  const { diagonal, beside, halves } = tridiagonalize(work, n);
  const vectors = accumulated(work, halves, n);
  implicitQl(diagonal, beside, vectors, n);
  return ascending(
    diagonal.map((value) => value * unit),
    vectors,
    n,
  );
}

/** V diag(f(λ)) Vᵀ, row-major. */
export function matrixFunction({ values, vectors }: SymmetricEigen, f: (value: number) => number): Float64Array {
  const n = values.length;
  const result = new Float64Array(n * n);
  const scaled = Float64Array.from(vectors, (entry, place) => entry * f(values[Math.floor(place / n)] as number));
  const fill = (4 - (n % 4)) % 4;
  const [left, right] = [scaled, vectors].map((rows) => {
    const padded = new Float64Array((n + fill) * n);
    padded.set(rows);
    return padded;
  }) as [Float64Array, Float64Array];
  // Four terms at a time: each element of the result is read and written a fourth as often.
  for (let k = 0; k < n; k += 4) {
    const [p, q, r, s] = [k * n, (k + 1) * n, (k + 2) * n, (k + 3) * n];
    for (let i = 0; i < n; i++) {
      const a = left[p + i] as number;
      const b = left[q + i] as number;
      const c = left[r + i] as number;
      const d = left[s + i] as number;
      const row = i * n;
      for (let j = 0; j <= i; j++) {
        result[row + j] =
          (result[row + j] as number) +
          (a * (right[p + j] as number) + b * (right[q + j] as number)) +
          (c * (right[r + j] as number) + d * (right[s + j] as number));
      }
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) result[j * n + i] = result[i * n + j] as number;
  return result;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands left of the i-th diagonal element; the first is 0. */
  readonly beside: Float64Array;
  /** ½ uᵀu of each reflector u; 0 where there is none. */
  readonly halves: Float64Array;
}

/**
 * T = QᵀA Q with Q = Pₙ₋₁ … P₁, Pᵢ = I − u uᵀ / hᵢ. Of `a` the lower half is used up; left of the diagonal, row i holds the i numbers of the reflector u
 * of Pᵢ afterwards.
 */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const halves = new Float64Array(n);
  const p = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = i * n;
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(a[row + k] as number);
    const last = row + i - 1;
    if (i === 1 || scale === 0) {
      beside[i] = a[last] as number;
      continue;
    }
    let h = 0;
    for (let k = 0; k < i; k++) {
      const x = (a[row + k] as number) / scale;
      a[row + k] = x;
      h += x * x;
    }
    const f = a[last] as number;
    const g = f >= 0 ? -Math.sqrt(h) : Math.sqrt(h);
    beside[i] = scale * g;
    h -= f * g;
    a[last] = f - g;
    halves[i] = h;
    productWithLowerHalf(a, row, p, i, n);
    let inner = 0;
    for (let j = 0; j < i; j++) {
      p[j] = (p[j] as number) / h;
      inner += (p[j] as number) * (a[row + j] as number);
    }
    const share = inner / (h + h);
    for (let j = 0; j < i; j++) p[j] = (p[j] as number) - share * (a[row + j] as number);
    for (let j = 0; j < i; j++) {
      const begin = j * n;
      const u = a[row + j] as number;
      const q = p[j] as number;
      for (let k = 0; k <= j; k++) {
        a[begin + k] = (a[begin + k] as number) - (u * (p[k] as number) + q * (a[row + k] as number));
      }
    }
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i] as number;
  return { diagonal, beside, halves };
}

/** p = A u from the lower half of A, i × i, with u in the row that begins at `row`; two rows of A at a time. */
function productWithLowerHalf(a: Float64Array, row: number, p: Float64Array, i: number, n: number): void {
  p.fill(0, 0, i);
  let j = 0;
  for (; j + 1 < i; j += 2) {
    const first = j * n;
    const second = first + n;
    const u = a[row + j] as number;
    const v = a[row + j + 1] as number;
    let sum = 0;
    let other = 0;
    for (let k = 0; k < j; k++) {
      const x = a[first + k] as number;
      const y = a[second + k] as number;
      const w = a[row + k] as number;
      sum += x * w;
      other += y * w;
      p[k] = (p[k] as number) + (x * u + y * v);
    }
    const beside = a[second + j] as number;
    p[j] = (p[j] as number) + sum + (a[first + j] as number) * u + beside * v;
    p[j + 1] = (p[j + 1] as number) + other + beside * u + (a[second + j + 1] as number) * v;
  }
  if (j === i) return;
  const last = j * n;
  const u = a[row + j] as number;
  let sum = (a[last + j] as number) * u;
  for (let k = 0; k < j; k++) {
    const x = a[last + k] as number;
    sum += x * (a[row + k] as number);
    p[k] = (p[k] as number) + x * u;
  }
  p[j] = (p[j] as number) + sum;
}

/** Q = Pₙ₋₁ … P₁, row-major; P is symmetric, so that the rows of Qᵀ = P₁ … Pₙ₋₁ can be multiplied from the right. */
function accumulated(reflectors: Float64Array, halves: Float64Array, n: number): Float64Array {
  const result = new Float64Array((n + 3) * n);
  for (let i = 0; i < n; i++) result[i * n + i] = 1;
  for (let i = 2; i < n; i++) {
    const h = halves[i] as number;
    if (h === 0) continue;
    const u = i * n;
    // What has been multiplied so far differs from I in the first i − 1 rows and columns alone. Four rows at a time.
    for (let row = 0; row < i * n; row += 4 * n) {
      const [second, third, fourth] = [row + n, row + 2 * n, row + 3 * n];
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < i; k++) {
        const x = reflectors[u + k] as number;
        a += (result[row + k] as number) * x;
        b += (result[second + k] as number) * x;
        c += (result[third + k] as number) * x;
        d += (result[fourth + k] as number) * x;
      }
      [a, b, c, d] = [a / h, b / h, c / h, d / h];
      for (let k = 0; k < i; k++) {
        const x = reflectors[u + k] as number;
        result[row + k] = (result[row + k] as number) - a * x;
        result[second + k] = (result[second + k] as number) - b * x;
        result[third + k] = (result[third + k] as number) - c * x;
        result[fourth + k] = (result[fourth + k] as number) - d * x;
      }
    }
  }
  const transposed = new Float64Array((n + 3) * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[j * n + i] = result[i * n + j] as number;
  return transposed;
}

/** Makes the tridiagonal matrix diagonal; its rotations go onto the columns of `vectors`. */
function implicitQl(d: Float64Array, e: Float64Array, vectors: Float64Array, n: number): void {
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  const rotations = new Rotations(vectors, n);
  let magnitude = 0;
  let shifted = 0;
  for (let l = 0; l < n; l++) {
    magnitude = Math.max(magnitude, Math.abs(d[l] as number) + Math.abs(e[l] as number));
    const negligible = Number.EPSILON * magnitude;
    let m = l;
    while (m < n - 1 && Math.abs(e[m] as number) > negligible) m++;
    while (m > l && Math.abs(e[l] as number) > negligible) shifted += sweep(d, e, l, m, rotations);
    d[l] = (d[l] as number) + shifted;
    e[l] = 0;
  }
  rotations.apply();
}

/** One QL step on rows l to m; returns the shift that it has taken from all diagonal elements from l on. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number, rotations: Rotations): number {
  const first = d[l] as number;
  const beside = e[l] as number;
  let p = ((d[l + 1] as number) - first) / (2 * beside);
  const r = p < 0 ? -Math.sqrt(p * p + 1) : Math.sqrt(p * p + 1);
  const second = beside * (p + r);
  d[l] = beside / (p + r);
  d[l + 1] = second;
  const shift = first - (d[l] as number);
  for (let i = l + 2; i < d.length; i++) d[i] = (d[i] as number) - shift;
  p = d[m] as number;
  let c = 1;
  let c2 = 1;
  let c3 = 1;
  let s = 0;
  let s2 = 0;
  const after = e[l + 1] as number;
  rotations.begin(m, l);
  for (let i = m - 1; i >= l; i--) {
    c3 = c2;
    c2 = c;
    s2 = s;
    const x = e[i] as number;
    const g = c * x;
    const h = c * p;
    const length = Math.hypot(p, x);
    e[i + 1] = s * length;
    s = x / length;
    c = p / length;
    p = c * (d[i] as number) - s * g;
    d[i + 1] = h + s * (c * g + s * (d[i] as number));
    rotations.add(c, s);
  }
  p = (-s * s2 * c3 * after * (e[l] as number)) / second;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

/**
 * Rotations that wait to be applied to the columns of a matrix, many sweeps at once: a few rows stay in the nearest cache
 * while all of them go through, and what one rotation gives the next stays in a register.
 */
class Rotations {
  readonly #matrix: Float64Array;
  readonly #n: number;
  readonly #numbers: Float64Array;
  /** The sweeps' last and first columns. */
  #sweeps: number[] = [];
  #count = 0;

  /** `matrix`: n × n, row-major, and three rows more. */
  constructor(matrix: Float64Array, n: number) {
    this.#matrix = matrix;
    this.#n = n;
    this.#numbers = new Float64Array(2 * Math.max(4096, 4 * n));
  }

  /** A sweep from column m down to l begins. */
  begin(m: number, l: number): void {
    if (2 * (this.#count + m - l) > this.#numbers.length) this.apply();
    this.#sweeps.push(m, l);
  }

  add(c: number, s: number): void {
    this.#numbers[2 * this.#count] = c;
    this.#numbers[2 * this.#count + 1] = s;
    this.#count += 1;
  }

  apply(): void {
    for (let row = 0; row < this.#n; row += 4) this.#applyToRows(row * this.#n);
    this.#sweeps = [];
    this.#count = 0;
  }

  #applyToRows(row: number): void {
    const n = this.#n;
    const matrix = this.#matrix;
    const numbers = this.#numbers;
    let place = 0;
    for (let sweepAt = 0; sweepAt < this.#sweeps.length; sweepAt += 2) {
      const l = row + (this.#sweeps[sweepAt + 1] as number);
      let i = row + (this.#sweeps[sweepAt] as number);
      let w = matrix[i] as number;
      let x = matrix[i + n] as number;
      let y = matrix[i + 2 * n] as number;
      let z = matrix[i + 3 * n] as number;
      for (; i > l; i--) {
        const c = numbers[place] as number;
        const s = numbers[place + 1] as number;
        place += 2;
        const w0 = matrix[i - 1] as number;
        const x0 = matrix[i - 1 + n] as number;
        const y0 = matrix[i - 1 + 2 * n] as number;
        const z0 = matrix[i - 1 + 3 * n] as number;
        matrix[i] = s * w0 + c * w;
        matrix[i + n] = s * x0 + c * x;
        matrix[i + 2 * n] = s * y0 + c * y;
        matrix[i + 3 * n] = s * z0 + c * z;
        w = c * w0 - s * w;
        x = c * x0 - s * x;
        y = c * y0 - s * y;
        z = c * z0 - s * z;
      }
      matrix[l] = w;
      matrix[l + n] = x;
      matrix[l + 2 * n] = y;
      matrix[l + 3 * n] = z;
    }
  }
}

/** With the eigenvectors, which are columns, as rows. */
function ascending(diagonal: Float64Array, columns: Float64Array, n: number): SymmetricEigen {
  const order = [...diagonal.keys()].sort((i, j) => (diagonal[i] as number) - (diagonal[j] as number));
  const vectors = new Float64Array(n * n);
  for (const [to, from] of order.entries()) {
    for (let i = 0; i < n; i++) vectors[to * n + i] = columns[i * n + from] as number;
  }
  return { values: Float64Array.from(order, (place) => diagonal[place] as number), vectors };
}
