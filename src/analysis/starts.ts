import type { RecordedRun } from '../results/index.js';

/** Relative difference of epoch-0 losses that float32 and the order of sums explain. */
const ROUNDING = 1e-5;

/**
 * Whether two runs started at the same point: the losses before training are known of both and equal to rounding, on every
 * set that both evaluated. Runs of one seed need not have: DeepOBS 1.2.0-beta draws another quadratic problem in nearly every
 * run.
 */
export function sameStart(one: RecordedRun, other: RecordedRun): boolean {
  const pairs = (['train_losses', 'valid_losses', 'test_losses'] as const).flatMap((metric) => {
    const [left, right] = [one.curves[metric]?.[0] ?? null, other.curves[metric]?.[0] ?? null];
    return left === null || right === null ? [] : [[left, right] as const];
  });
  return pairs.length > 0 && pairs.every(([left, right]) => closeTo(left, right));
}

function closeTo(left: number, right: number): boolean {
  return Math.abs(left - right) <= ROUNDING * Math.max(Math.abs(left), Math.abs(right), 1e-12);
}

/** Test problems that start at the same point and have the same test set whatever the seed is. */
const FIXED_START = /^quadratic_/;

/**
 * The smallest and largest test loss before training, of a problem where all runs must have the same one but have not: they
 * are runs of different problems under one name. Null where nothing is wrong.
 */
export function unlikeStarts(
  testproblem: string,
  runs: readonly RecordedRun[],
): { readonly smallest: number; readonly largest: number } | null {
  if (!FIXED_START.test(testproblem)) return null;
  const starts = runs.flatMap(({ curves }) => curves.test_losses?.[0] ?? []);
  if (starts.length < 2) return null;
  const [smallest, largest] = [Math.min(...starts), Math.max(...starts)];
  return closeTo(smallest, largest) ? null : { smallest, largest };
}
