/** One optimizer's performance profile. */
export interface PerformanceProfile {
  readonly optimizer: string;
  /** Test problems that it was run on, and of how many: it is judged by those only. */
  readonly problems: number;
  readonly ofProblems: number;
  /** Steps of ρ(τ): the share of its problems solved within τ times the fastest optimizer's time; holds from `ratio` on. */
  readonly steps: readonly { readonly ratio: number; readonly share: number }[];
  /** Mean of ρ over τ from 1 to the largest ratio: 1 means fastest everywhere, 0 never within the largest ratio. */
  readonly score: number;
}

/**
 * Performance profiles (Dolan & Moré 2002) and their score as in the AlgoPerf benchmark (Dahl et al. 2023): ρ(τ) is the
 * share of problems that an optimizer solved within τ times the time of the fastest one on that problem. A missed target is
 * null and is within no ratio; a problem that nobody solved stays in the denominator. A problem without an entry was not run
 * and does not count for that optimizer. Times, by optimizer and problem, are of any one unit.
 */
export function performanceProfiles(
  times: ReadonlyMap<string, ReadonlyMap<string, number | null>>,
  { largestRatio = 4 }: { readonly largestRatio?: number } = {},
): PerformanceProfile[] {
  const problems = [...new Set([...times.values()].flatMap((row) => [...row.keys()]))];
  const fastest = new Map(
    problems.map((problem) => {
      const solved = [...times.values()].flatMap((row) => row.get(problem) ?? []);
      return [problem, solved.length === 0 ? null : Math.min(...solved)] as const;
    }),
  );
  return [...times].map(([optimizer, row]) => {
    const ratios = [...row]
      .map(([problem, time]) => ratioOf(time, fastest.get(problem) ?? null))
      .filter((ratio) => ratio !== null)
      .sort((left, right) => left - right);
    const steps = [...new Set(ratios)].map((ratio) => ({
      ratio,
      share: ratios.filter((other) => other <= ratio).length / row.size,
    }));
    const area = ratios.reduce((sum, ratio) => sum + Math.max(0, largestRatio - ratio), 0);
    const score = row.size === 0 ? 0 : area / (row.size * (largestRatio - 1));
    return { optimizer, problems: row.size, ofProblems: problems.length, steps, score };
  });
}

/** A time of zero epochs (solved before training) is as fast as the fastest when that one is zero too. */
function ratioOf(time: number | null, fastest: number | null): number | null {
  if (time === null || fastest === null) return null;
  if (fastest === 0) return time === 0 ? 1 : null;
  return time / fastest;
}
