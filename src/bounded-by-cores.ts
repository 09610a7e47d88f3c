import { availableParallelism } from 'node:os';
import { ConfigurationError } from './errors.js';
import { option as named } from './words.js';

/** A number of threads or processes: how many for each core at most, and how many are always accepted. */
export interface CoreBound {
  /** Its key. */
  readonly option: string;
  readonly perCore: number;
  readonly fewest: number;
}

/** Throws ConfigurationError for a number that cannot help on so many cores. */
export function checkBoundedByCores(
  found: number,
  { option, perCore, fewest }: CoreBound,
  cores = availableParallelism(),
): void {
  const most = Math.max(fewest, perCore * cores);
  if (Number.isInteger(found) && found >= 1 && found <= most) return;
  throw new ConfigurationError({
    subject: named(option),
    found: String(found),
    expected: `a whole number from 1 to ${most}`,
    remedy: `this process may use ${cores} ${cores === 1 ? 'core' : 'cores'}`,
  });
}
