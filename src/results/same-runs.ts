import { dirname } from 'node:path';
import type { RecordedRun } from './recorded-run.js';

/**
 * Keeps apart what only folders keep apart. Of several files of one run the newer one counts, but DeepOBS' files do not say
 * enough to tell a repeated run from another experiment: where two folders hold different runs of one setting and seed, the
 * runs of each folder are under conditions of their own. Copies of one file are the same run wherever they lie.
 */
export function keepFoldersApart(runs: readonly RecordedRun[]): {
  readonly runs: readonly RecordedRun[];
  readonly notes: readonly string[];
} {
  const settings = new Map<string, RecordedRun[]>();
  for (const run of runs) {
    if (run.stated === undefined) continue;
    const key = JSON.stringify([run.testproblem, run.optimizer, run.setting, run.conditions]);
    const members = settings.get(key);
    if (members === undefined) settings.set(key, [run]);
    else members.push(run);
  }
  const folders = new Map<RecordedRun, string>();
  const notes: string[] = [];
  for (const members of settings.values()) {
    const [first] = members;
    if (first === undefined || !severalFolders(members)) continue;
    for (const run of members) folders.set(run, dirname(run.file));
    const names = [...new Set(members.map(({ file }) => dirname(file)))];
    notes.push(
      `${first.testproblem}, ${first.optimizer}: other runs of the same seeds in ${names.join(' and ')}: kept apart, never averaged`,
    );
  }
  if (folders.size === 0) return { runs, notes };
  const marked = runs.map((run): RecordedRun => {
    const folder = folders.get(run);
    return folder === undefined ? run : { ...run, conditions: { ...run.conditions, folder } };
  });
  return { runs: marked, notes };
}

/** Whether two folders hold different runs of one seed. */
function severalFolders(members: readonly RecordedRun[]): boolean {
  const bySeed = new Map<number, RecordedRun>();
  for (const run of members) {
    const other = bySeed.get(run.seed);
    if (other === undefined) bySeed.set(run.seed, run);
    else if (dirname(other.file) !== dirname(run.file) && !sameRun(other, run)) return true;
  }
  return false;
}

function sameRun(one: RecordedRun, other: RecordedRun): boolean {
  return one.startedAt === other.startedAt && JSON.stringify(one.curves) === JSON.stringify(other.curves);
}
