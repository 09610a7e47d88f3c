import { requireProbabilities } from './numbers.js';

/**
 * Holm's step-down correction (1979): adjusted p-values for a family of tests, in the order given. Rejecting where the
 * adjusted value is at most α keeps the probability of any false rejection at α, whatever the dependence. Null (no test)
 * stays null and does not count as a member of the family. Throws RangeError for what is no probability.
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  requireProbabilities('holm', pValues);
  const tests = pValues
    .flatMap((p, index) => (p === null ? [] : [{ p, index }]))
    .sort((left, right) => left.p - right.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let largest = 0;
  for (const [rank, { p, index }] of tests.entries()) {
    largest = Math.max(largest, Math.min(1, (tests.length - rank) * p));
    adjusted[index] = largest;
  }
  return adjusted;
}
