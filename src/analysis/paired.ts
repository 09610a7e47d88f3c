import { randomStream } from '../random/index.js';
import { type Interval, studentInterval } from './intervals.js';
import { requireFinite, SAME_COUNT } from './numbers.js';
import { mean } from './statistics.js';

/** The difference of two optimizers on the seeds that both have. */
export interface PairedDifference {
  /** Common seeds, in ascending order. */
  readonly seeds: readonly number[];
  /** Competitor − reference, seed by seed. */
  readonly values: readonly number[];
  /** Mean of (competitor − reference); null without a common seed. */
  readonly mean: number | null;
  /** Student's interval of the mean difference; null for fewer than two common seeds. */
  readonly interval: Interval | null;
  /** Two-sided; null for fewer than two common seeds. */
  readonly pValue: number | null;
  /** The smallest p that this number of seeds can give: 2 / 2ⁿ for the exact test. */
  readonly smallestPossible: number | null;
  readonly method: 'sign-flip exact' | 'sign-flip sampled' | null;
}

/** Up to this many seeds all 2ⁿ sign patterns are counted; beyond, patterns are drawn. */
const LARGEST_EXACT = 16;
const SAMPLED_PATTERNS = 99_999;

/**
 * Compares two optimizers seed by seed: runs of one seed share split, initial weights and batches, so that their
 * difference is free of what the seed does to both. The keys are seeds.
 */
export function pairedDifference(
  competitor: ReadonlyMap<number, number>,
  reference: ReadonlyMap<number, number>,
): PairedDifference {
  const seeds = [...competitor.keys()].filter((seed) => reference.has(seed)).sort((left, right) => left - right);
  const differences = seeds.map((seed) => (competitor.get(seed) ?? 0) - (reference.get(seed) ?? 0));
  requireFinite('pairedDifference', differences);
  if (differences.length < 2) {
    const [only = null] = differences;
    return {
      seeds,
      values: differences,
      mean: only,
      interval: null,
      pValue: null,
      smallestPossible: null,
      method: null,
    };
  }
  const sizes = seeds.map((seed) => Math.abs(competitor.get(seed) ?? 0) + Math.abs(reference.get(seed) ?? 0));
  const test = signFlipTest(differences, { valueSize: mean(sizes) / 2 });
  return { seeds, values: differences, mean: mean(differences), interval: studentInterval(differences), ...test };
}

/**
 * Fisher's sign-flip test of "the differences are symmetric around zero": the share of the sign patterns whose sum is at
 * least as far from zero as the observed one. Exact up to 16 differences; beyond, 99,999 patterns of a fixed random
 * stream, counting the observed one too (Phipson & Smyth 2010), which keeps the level. Zero differences stay in.
 *
 * Sums that are equal but for the rounding of the compared values count as equal, so that accuracies tie when their counts
 * do, whether they are stored as exact fractions or in single precision. `valueSize` is the mean size of the values of
 * which these are the differences. Without it the values are taken for accuracies, and far smaller differences for those of
 * smaller values. Throws RangeError for no differences, and for what is not finite.
 */
export function signFlipTest(
  differences: readonly number[],
  { valueSize }: { readonly valueSize?: number } = {},
): {
  pValue: number;
  smallestPossible: number;
  method: 'sign-flip exact' | 'sign-flip sampled';
} {
  requireFinite('signFlipTest', differences);
  if (valueSize !== undefined) requireFinite('signFlipTest, valueSize', [valueSize]);
  if (differences.length === 0) throw new RangeError('signFlipTest: found no differences, expected at least one');
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  const threshold = observed - tieTolerance(differences, valueSize);
  if (differences.length <= LARGEST_EXACT) {
    const patterns = 2 ** differences.length;
    let extreme = 0;
    for (let pattern = 0; pattern < patterns; pattern++) {
      let sum = 0;
      for (const [index, difference] of differences.entries()) sum += (pattern >> index) & 1 ? -difference : difference;
      if (Math.abs(sum) >= threshold) extreme++;
    }
    return { pValue: extreme / patterns, smallestPossible: 2 / patterns, method: 'sign-flip exact' };
  }
  const random = randomStream(0, 'analysis', 'sign-flip');
  let extreme = 1;
  for (let pattern = 0; pattern < SAMPLED_PATTERNS; pattern++) {
    let sum = 0;
    for (const difference of differences) sum += random.uniform() < 0.5 ? -difference : difference;
    if (Math.abs(sum) >= threshold) extreme++;
  }
  const patterns = SAMPLED_PATTERNS + 1;
  return { pValue: extreme / patterns, smallestPossible: 1 / patterns, method: 'sign-flip sampled' };
}

/** Where the size of the values is not known, what may be rounding is at most this share of the differences. */
const LARGEST_UNKNOWN = 0.02;

/**
 * How far apart sums of ± the differences may lie and still be the same: what the rounding of the values can make of it. Sums
 * of counts are even numbers of examples apart, 2e-4 for a test set of 10,000: with ten seeds about fifty times as much.
 */
function tieTolerance(differences: readonly number[], valueSize: number | undefined): number {
  const total = differences.reduce((sum, difference) => sum + Math.abs(difference), 0);
  const rounding = SAME_COUNT * 2 * (valueSize ?? 1) * differences.length;
  const possible = valueSize === undefined ? Math.min(rounding, LARGEST_UNKNOWN * total) : rounding;
  return Math.max(1e-12 * total, possible);
}
