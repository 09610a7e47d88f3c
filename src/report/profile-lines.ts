import type { Comparison } from '../analysis/index.js';

/** A line for each optimizer: its performance score, and on how many of the test problems it was run. */
export function profileLines(profiles: Comparison['profiles']): string[] {
  return [...profiles]
    .sort((left, right) => right.score - left.score)
    .map(({ optimizer, score, problems, ofProblems }) => {
      const run = problems === ofProblems ? `${problems}` : `only ${problems} of ${ofProblems}`;
      return `${optimizer}: score ${score.toFixed(3)} over ${run} test problems (share within τ of the fastest, mean over τ from 1 to 4)`;
    });
}
