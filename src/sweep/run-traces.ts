import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { at } from '../expect.js';
import { hasEnded, settingFolders } from '../results/index.js';
import {
  type CheckpointHeader,
  type Crash,
  type FoundCheckpoint,
  type LockHolder,
  readCheckpointHeader,
  readCrash,
  readRunLock,
  runPlace,
} from '../run/index.js';
import type { PlannedRun } from './planned-runs.js';
import { type RunOutcomeSummary, readRunOutcome } from './run-outcome.js';

/** What is on disk of a planned run. Nothing is locked while it is read, so its parts may be a moment apart. */
export type RunTraces =
  /** Completed or diverged; what else is there does not matter. */
  | { readonly kind: 'ended'; readonly state: 'completed' | 'diverged'; readonly file: RunOutcomeSummary }
  | {
      readonly kind: 'open';
      /** Its newest run file: of an attempt that failed, was interrupted or pruned. */
      readonly last: RunOutcomeSummary | null;
      readonly checkpoint: FoundCheckpoint<CheckpointHeader>;
      /** Who trains it. */
      readonly holder: LockHolder | null;
      /** Why its lock cannot be read; null when it can, or there is none. */
      readonly lockError: unknown;
      /** Why its last process left no run file. */
      readonly crash: Crash | null;
    };

/** The traces of one run. */
export async function readRunTraces(outputDir: string, run: PlannedRun): Promise<RunTraces> {
  const folders = await settingFolders(outputDir, run.configuration);
  return at(await readFolderTraces(outputDir, folders, [run]), 0);
}

/**
 * The traces of runs of one setting, in their order. `folders` are the setting's, its own first, which alone can have locks and
 * checkpoints. Each folder is read once, and of run files the end only.
 */
export async function readFolderTraces(
  outputDir: string,
  folders: readonly string[],
  runs: readonly PlannedRun[],
): Promise<RunTraces[]> {
  const [own = [], ...others] = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  const names = new Set(own);
  const files: RunOutcomeSummary[] = [];
  const seeds = new Set(runs.map(({ configuration }) => `random_seed__${configuration.seed}`));
  for (const [index, entries] of [own, ...others].entries()) {
    for (const name of entries) {
      if (!name.endsWith('.json') || !seeds.has(name.slice(0, name.indexOf('__', 'random_seed__'.length)))) continue;
      const file = await readRunOutcome(join(at(folders, index), name));
      if (file !== null) files.push(file);
    }
  }
  files.sort((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
  const traces: RunTraces[] = [];
  for (const run of runs) {
    const ofRun = files.filter(({ configurationHash }) => configurationHash === run.hash);
    traces.push(await tracesOf(outputDir, run, ofRun, names));
  }
  return traces;
}

/** `files` are the run's, newest first; `names` are those in its folder. */
async function tracesOf(
  outputDir: string,
  { configuration }: PlannedRun,
  files: readonly RunOutcomeSummary[],
  names: ReadonlySet<string>,
): Promise<RunTraces> {
  for (const file of files) {
    const { state } = file.status;
    if (hasEnded(state)) return { kind: 'ended', state, file };
  }
  const place = runPlace(outputDir, configuration);
  const there = (path: string) => names.has(basename(path));
  const checkpoint = there(place.checkpoint) ? await readCheckpointHeader(place.checkpoint) : { kind: 'none' as const };
  let holder: LockHolder | null = null;
  let lockError: unknown = null;
  try {
    if (there(place.lock)) holder = await readRunLock(outputDir, configuration);
  } catch (error) {
    lockError = error;
  }
  const crash = there(place.crash) ? await readCrash(outputDir, configuration) : null;
  return { kind: 'open', last: files[0] ?? null, checkpoint, holder, lockError, crash };
}
