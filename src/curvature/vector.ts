import { at } from '../expect.js';
import type { RandomStream } from '../random/index.js';

/** A vector on the host: all parameters one after the other, in definition order. */
export type Vector = Float32Array | Float64Array;

/**
 * A symmetric linear map, given by what it makes of a vector. The vector is not changed, the result belongs to the caller.
 * It may change from call to call, as with a new minibatch for each product; what is computed from it then says so.
 */
export type Operator = (vector: Vector) => Promise<Vector>;

// The loops read inside the arrays' lengths, where a typed array has a number: the casts cost nothing, a default would.

/** Σ aᵢ bᵢ, summed in double precision. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** √Σ aᵢ², summed in double precision. */
export function norm(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

/** c · a, in the precision of `a`. */
export function scaled<V extends Vector>(a: V, c: number): V {
  const result = a.slice() as V;
  for (let i = 0; i < result.length; i++) result[i] = c * (result[i] as number);
  return result;
}

/** The vector in the precision of another one. */
export function inPrecisionOf(like: Vector, vector: Vector): Vector {
  return like instanceof Float64Array ? vector : new Float32Array(vector);
}

/** Numbers that are treated together: what a pass reads twice stays in the processor's memory. */
const CHUNK = 8192;

/** The inner products of each vector of `basis` with v, summed in double precision. */
export function projections(basis: readonly Vector[], v: Vector): number[] {
  const sums = basis.map(() => 0);
  for (let begin = 0; begin < v.length; begin += CHUNK) {
    const end = Math.min(v.length, begin + CHUNK);
    for (let first = 0; first < basis.length; first += 4) addProducts(basis, first, v, begin, end, sums);
  }
  return sums;
}

/** Adds the products of four vectors with a part of v: the part is read once for all four. */
function addProducts(
  basis: readonly Vector[],
  first: number,
  v: Vector,
  begin: number,
  end: number,
  sums: number[],
): void {
  const [a, b, c, d] = basis.slice(first, first + 4);
  if (a === undefined) return;
  if (b === undefined || c === undefined || d === undefined) {
    for (const [offset, own] of basis.slice(first, first + 4).entries()) {
      let sum = 0;
      for (let i = begin; i < end; i++) sum += (v[i] as number) * (own[i] as number);
      sums[first + offset] = at(sums, first + offset) + sum;
    }
    return;
  }
  let [sa, sb, sc, sd] = [0, 0, 0, 0];
  for (let i = begin; i < end; i++) {
    const x = v[i] as number;
    sa += x * (a[i] as number);
    sb += x * (b[i] as number);
    sc += x * (c[i] as number);
    sd += x * (d[i] as number);
  }
  for (const [offset, sum] of [sa, sb, sc, sd].entries()) sums[first + offset] = at(sums, first + offset) + sum;
}

/** v ← v + Σ cⱼ bⱼ in place; best with a v in double precision. */
export function addCombination(v: Vector, basis: readonly Vector[], coefficients: readonly number[]): void {
  for (let begin = 0; begin < v.length; begin += CHUNK) {
    const end = Math.min(v.length, begin + CHUNK);
    for (let first = 0; first < basis.length; first += 4) addPart(v, basis, first, coefficients, begin, end);
  }
}

function addPart(
  v: Vector,
  basis: readonly Vector[],
  first: number,
  coefficients: readonly number[],
  begin: number,
  end: number,
): void {
  const [a, b, c, d] = basis.slice(first, first + 4);
  // There may be fewer coefficients than vectors: the others are 0.
  const [ca = 0, cb = 0, cc = 0, cd = 0] = coefficients.slice(first, first + 4);
  if (a === undefined) return;
  if (b === undefined || c === undefined || d === undefined) {
    for (const [offset, own] of basis.slice(first, first + 4).entries()) {
      const coefficient = coefficients[first + offset] ?? 0;
      for (let i = begin; i < end; i++) v[i] = (v[i] as number) + coefficient * (own[i] as number);
    }
    return;
  }
  for (let i = begin; i < end; i++) {
    v[i] =
      (v[i] as number) + ca * (a[i] as number) + cb * (b[i] as number) + cc * (c[i] as number) + cd * (d[i] as number);
  }
}

/** What was taken away from a vector, and how long the rest is. */
export interface Orthogonalised {
  readonly coefficients: number[];
  readonly remainder: number;
}

/**
 * Orthogonalises v, in double precision, against an orthonormal basis in place (classical Gram-Schmidt). A second pass
 * follows where the first one took away most of it: twice is enough (Giraud, Langou & Rozložník 2005).
 */
export function orthogonalise(v: Float64Array, basis: readonly Vector[]): Orthogonalised {
  const coefficients = basis.map(() => 0);
  let remainder = norm(v);
  for (let pass = 0; pass < 2; pass++) {
    const before = remainder;
    for (const [index, value] of takeAway(v, basis).entries()) coefficients[index] = at(coefficients, index) + value;
    remainder = norm(v);
    if (remainder > Math.SQRT1_2 * before) break;
  }
  return { coefficients, remainder };
}

/** One pass: takes the projections onto the basis away and returns them. */
export function takeAway(v: Float64Array, basis: readonly Vector[]): number[] {
  const found = projections(basis, v);
  addCombination(
    v,
    basis,
    found.map((value) => -value),
  );
  return found;
}

/** Independent signs: the probe with the least variance of zᵀHz among those with independent entries. */
export function rademacher(stream: RandomStream, size: number): Float32Array {
  const bits = new Uint32Array(Math.ceil(size / 32));
  stream.fillUint32(bits);
  return Float32Array.from({ length: size }, (_, i) => (((bits[i >>> 5] as number) >>> (i & 31)) & 1 ? 1 : -1));
}

/** Relative rounding error of a vector's numbers. */
export function unitRoundoff(v: Vector): number {
  return v instanceof Float64Array ? 2 ** -53 : 2 ** -24;
}

/** Vectors one after the other, `size` numbers in all, in the precision of the first. */
export function joined(parts: readonly Vector[], size: number): Vector {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const all = first instanceof Float64Array ? new Float64Array(size) : new Float32Array(size);
  let begin = 0;
  for (const part of parts) {
    all.set(part, begin);
    begin += part.length;
  }
  return all;
}
