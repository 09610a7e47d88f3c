/** The eigenvalues that stand out from the others. */
export interface Outliers {
  readonly count: number;
  /** The last outlier divided by the next value. */
  readonly gap: number;
  /** The next value, which may not be converged: then the gap is that of an estimate. */
  readonly next: number;
}

/**
 * Outliers by the largest gap: the i for which λᵢ / λᵢ₊₁ is largest, among the positive values in descending order of which
 * the first `converged` are eigenvalues. Null where there are not two to compare. Eigenvalues beyond the list are not seen.
 */
export function outliersByGap(descending: readonly number[], converged: number): Outliers | null {
  let found: Outliers | null = null;
  for (let count = 1; count <= Math.min(converged, descending.length - 1); count++) {
    const [last = Number.NaN, next = Number.NaN] = [descending[count - 1], descending[count]];
    if (!(next > 0)) break;
    if (found === null || last / next > found.gap) found = { count, gap: last / next, next };
  }
  return found;
}
