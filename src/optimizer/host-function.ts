import { Matrix } from 'ml-matrix';
import type { Engine, Value } from '../engine/index.js';
import { at, exactly } from '../expect.js';

/** A tensor on the host: a scalar is a number, a matrix has rows and columns, everything else a row of numbers. */
export type HostTensor = number | Matrix | Float64Array;

/** Computes tensors on the host from others, in step t = 1, 2, … */
export type HostFunction = (
  inputs: readonly HostTensor[],
  t: number,
) => readonly (number | Matrix | ArrayLike<number>)[] | Promise<readonly (number | Matrix | ArrayLike<number>)[]>;

/** A value's numbers in double precision, as a host function is given them. */
export async function onHost(engine: Engine, value: Value): Promise<HostTensor> {
  const data = new Float64Array(await engine.download(value));
  if (value.shape.length === 0) return at(data, 0);
  return value.shape.length === 2 ? Matrix.from1DArray(...exactly(value.shape, 2), data) : data;
}

/** The numbers of what a host function returned, in row-major order. */
export function numbersOf(result: number | Matrix | ArrayLike<number>): Float64Array {
  if (typeof result === 'number') return Float64Array.of(result);
  if (result instanceof Float64Array) return result;
  return new Float64Array(Matrix.isMatrix(result) ? (result as Matrix).to1DArray() : (result as ArrayLike<number>));
}
