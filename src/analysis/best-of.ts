/** What the best of k tried settings reaches, k of them drawn at random. */
export interface BestOf {
  readonly k: number;
  /** Expected value of the table's metric. */
  readonly mean: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/**
 * The value that tuning with k trials reaches (Dodge et al. 2019): of k different settings drawn at random, the one that
 * ranks first is kept. Exact over all draws: of N settings the r-th best wins with the probability C(N − r, k − 1) / C(N, k).
 * `tried` is in the order of the ranking; settings without a completed run win only when nothing else was drawn, and these
 * draws are left out. Empty for fewer than two settings with a value.
 */
export function bestOf(tried: readonly { readonly final: { readonly mean: number | null } }[]): BestOf[] {
  const values = tried.map(({ final }) => final.mean);
  const total = values.length;
  if (values.filter((value) => value !== null).length < 2) return [];
  return Array.from({ length: total }, (_, index): BestOf => {
    const k = index + 1;
    const outcomes: { value: number; weight: number }[] = [];
    // P(first wins) = k / N; P(r + 1) / P(r) = (N − r − k + 1) / (N − r).
    let weight = k / total;
    for (const [rank, value] of values.entries()) {
      if (value !== null) outcomes.push({ value, weight });
      const left = total - rank - 1;
      weight *= left <= 0 ? 0 : Math.max(0, left - k + 1) / left;
    }
    const sum = outcomes.reduce((all, outcome) => all + outcome.weight, 0);
    const sorted = [...outcomes].sort((left, right) => left.value - right.value);
    const quantile = (q: number) => {
      let reached = 0;
      for (const outcome of sorted) {
        reached += outcome.weight / sum;
        if (reached >= q - 1e-12) return outcome.value;
      }
      return sorted.at(-1)?.value ?? Number.NaN;
    };
    return {
      k,
      mean: outcomes.reduce((all, { value, weight: share }) => all + value * share, 0) / sum,
      lowerQuartile: quantile(0.25),
      upperQuartile: quantile(0.75),
    };
  });
}
