/** One optimizer's performance profile. */
export interface PerformanceProfile {
  readonly optimizer: string;
  /** Steps of ρ(τ): the share of problems solved within τ times the fastest optimizer's time; holds from `ratio` on. */
  readonly steps: readonly { readonly ratio: number; readonly share: number }[];
  /** Mean of ρ over τ from 1 to the largest ratio: 1 means fastest everywhere, 0 never within the largest ratio. */
  readonly score: number;
}

/**
 * Performance profiles (Dolan & Moré 2002) and their score as in the AlgoPerf benchmark (Dahl et al. 2023): ρ(τ) is the
 * share of problems that an optimizer solved within τ times the time of the fastest one on that problem. A missed target is
 * null and is within no ratio; a problem that nobody solved stays in the denominator. Times are of any one unit.
 */
export function performanceProfiles(
  times: Readonly<Record<string, Readonly<Record<string, number | null>>>>,
  { largestRatio = 4 }: { readonly largestRatio?: number } = {},
): PerformanceProfile[] {
  const problems = [...new Set(Object.values(times).flatMap((row) => Object.keys(row)))];
  const fastest = new Map(
    problems.map((problem) => {
      const solved = Object.values(times).flatMap((row) => row[problem] ?? []);
      return [problem, solved.length === 0 ? null : Math.min(...solved)] as const;
    }),
  );
  return Object.entries(times).map(([optimizer, row]) => {
    const ratios = problems
      .map((problem) => ratioOf(row[problem] ?? null, fastest.get(problem) ?? null))
      .filter((ratio) => ratio !== null)
      .sort((left, right) => left - right);
    const steps = [...new Set(ratios)].map((ratio) => ({
      ratio,
      share: ratios.filter((other) => other <= ratio).length / problems.length,
    }));
    const area = ratios.reduce((sum, ratio) => sum + Math.max(0, largestRatio - ratio), 0);
    const score = problems.length === 0 ? 0 : area / (problems.length * (largestRatio - 1));
    return { optimizer, steps, score };
  });
}

/** A time of zero epochs (solved before training) is as fast as the fastest when that one is zero too. */
function ratioOf(time: number | null, fastest: number | null): number | null {
  if (time === null || fastest === null) return null;
  if (fastest === 0) return time === 0 ? 1 : null;
  return time / fastest;
}
