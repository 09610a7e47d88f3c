/** Refuses what is no number: throws a RangeError that names the function and the place. */
export function requireFinite(what: string, values: ArrayLike<number>): void {
  requireNumbers(what, values, 'finite numbers', Number.isFinite);
}

/** {@link requireFinite} for values that may be infinite, such as times of runs that never got there. */
export function requireOrdered(what: string, values: ArrayLike<number>): void {
  requireNumbers(what, values, 'numbers', (value) => !Number.isNaN(value));
}

/** {@link requireFinite} for probabilities; null stands for none. */
export function requireProbabilities(what: string, values: ArrayLike<number | null>): void {
  requireNumbers(what, values, 'probabilities from 0 to 1, or null', (value) => value === null || isProbability(value));
}

function isProbability(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function requireNumbers<T>(what: string, values: ArrayLike<T>, expected: string, fits: (value: T) => boolean): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as T;
    if (fits(value)) continue;
    throw new RangeError(`${what}: found ${value} at index ${index} of ${values.length}, expected ${expected}`);
  }
}

/**
 * How far apart two values of one count may lie, relative to their size, however they were stored: single precision rounds
 * a fraction such as 8971/10000 by up to 6e-8 of it, and means of batches of such fractions by a little more.
 */
export const SAME_COUNT = 2 ** -22;
