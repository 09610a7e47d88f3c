import { readRunFile } from '../../results/index.js';
import type { PlannedStatus } from '../status.js';
import { type EpochEstimate, kindOfRun } from './time-limit.js';

/** Run files that are read of each kind of run: all runs of one kind take about the same time. */
const FILES_PER_KIND = 3;

/** The longest epoch of each kind of run, with its evaluation, in run files of the plan; null when there are none with an epoch. */
export async function measuredEpoch(statuses: readonly PlannedStatus[]): Promise<EpochEstimate | null> {
  const files = new Map<string, string[]>();
  for (const { run, path } of statuses) {
    const kind = kindOfRun(run);
    const kept = files.get(kind) ?? [];
    if (path !== null && kept.length < FILES_PER_KIND) files.set(kind, [...kept, path]);
  }
  const byKind = new Map<string, number>();
  for (const [kind, paths] of files) {
    let longest = 0;
    for (const path of paths) {
      // A file that cannot be read says nothing of times; `sweep status` and `validate` say so.
      const timing = (await readRunFile(path).catch(() => null))?.timing;
      for (const [epoch, seconds] of (timing?.training_wall_seconds ?? []).entries()) {
        longest = Math.max(longest, seconds + (timing?.evaluation_wall_seconds[epoch + 1] ?? 0));
      }
    }
    if (longest > 0) byKind.set(kind, longest);
  }
  return byKind.size > 0 ? { seconds: Math.max(...byKind.values()), source: 'measured', byKind } : null;
}
