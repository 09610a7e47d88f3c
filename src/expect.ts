/**
 * What is known to be there, said so: instead of a value that fills the gap, which would hide a defect, an error. In inner loops
 * over typed arrays `as number` says the same for nothing: there an index out of range gives NaN.
 */

/** An element that is known to exist. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
}

/** A value that is known to be there. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new TypeError(`${what} is missing`);
  return value;
}

interface Tuples<T> {
  1: readonly [T];
  2: readonly [T, T];
  3: readonly [T, T, T];
  4: readonly [T, T, T, T];
}

/** The elements of a list that is known to have so many. */
export function exactly<T, N extends keyof Tuples<T>>(list: readonly T[], count: N): Tuples<T>[N] {
  if (list.length !== count) throw new RangeError(`found ${list.length} elements, expected ${count}`);
  return list as unknown as Tuples<T>[N];
}
