import { groupBy } from '../group-by.js';
import type { RecordedRun } from '../results/index.js';
import { sourceVersion } from '../user-file/source-version.js';

/**
 * The runs, where several versions of a user's test problem or data set meet under names that tell them apart: `mine (0a1b2c3d)`.
 * They are other problems, whose results must not stand in one table.
 */
export function withProblemVersions(runs: readonly RecordedRun[]): readonly RecordedRun[] {
  const versions = groupBy(runs, ({ testproblem }) => testproblem);
  const several = new Set([...versions].flatMap(([name, own]) => (new Set(own.map(versionOf)).size > 1 ? [name] : [])));
  if (several.size === 0) return runs;
  return runs.map((run) =>
    several.has(run.testproblem) ? { ...run, testproblem: `${run.testproblem} (${versionOf(run)})` } : run,
  );
}

/** Whether a test problem is the one that was asked for, whatever its version. */
export function isVersionOf(testproblem: string, asked: string): boolean {
  return testproblem === asked || (testproblem.startsWith(`${asked} (`) && testproblem.endsWith(')'));
}

function versionOf({ problemSource }: RecordedRun): string {
  return problemSource == null ? 'bundled' : sourceVersion(problemSource);
}
