import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { at } from '../expect.js';
import { hasEnded, listFolders, type RunState, settingFolders, settingPath } from '../results/index.js';
import { describeHolder, readCheckpointHeader, readCrash, readRunLock, runPlace } from '../run/index.js';
import { mapConcurrently } from './concurrent.js';
import type { Plan } from './plan.js';
import { ruleOf } from './plan-pruning.js';
import { type PlannedRun, plannedRuns } from './planned-runs.js';
import { type RunOutcomeSummary, readRunOutcome } from './run-outcome.js';

/** What became of a planned run. `interrupted` also stands for one of which only a checkpoint is left (SIGKILL). */
export type PlannedState = RunState | 'running' | 'missing';

/** All states, in the order in which they are shown. */
export const PLANNED_STATES = [
  'completed',
  'diverged',
  'pruned',
  'running',
  'interrupted',
  'failed',
  'missing',
] as const satisfies readonly PlannedState[];

/** A planned run and what is on disk of it. */
export interface PlannedStatus {
  readonly run: PlannedRun;
  readonly state: PlannedState;
  /** The run file; null when there is none. */
  readonly path: string | null;
  /** Epochs trained completely, as far as files say. */
  readonly epoch: number | null;
  /** Why it diverged, failed or was interrupted; of a running one who runs it. */
  readonly reason: string | null;
  /** What is wrong with its checkpoint or lock, which the next run will not go on from; else null. */
  readonly fault: string | null;
}

/** Whether a planned run still has to be executed; a diverged one is a result, and a pruned one is left where it is. */
export function isOpen({ state }: Pick<PlannedStatus, 'state'>): boolean {
  return state !== 'pruned' && !hasEnded(state);
}

/** Folders that are read at once: enough to hide the latency of a network file system. */
const CONCURRENT_FOLDERS = 32;

/**
 * The state of every planned run, from run files, locks and checkpoints. `runs` are the plan's runs where they are known
 * already. Reads each setting's folders once and of run files the end only.
 */
export async function planStatus(plan: Plan, runs?: readonly PlannedRun[]): Promise<readonly PlannedStatus[]> {
  const all = runs ?? (await plannedRuns(plan));
  const folders = new Map<string, PlannedRun[]>();
  for (const run of all) {
    const folder = settingPath(plan.outputDir, run.configuration);
    const members = folders.get(folder);
    if (members === undefined) folders.set(folder, [run]);
    else members.push(run);
  }
  const listings = new Map<string, Promise<readonly string[]>>();
  const listOnce = (folder: string) => {
    const listing = listings.get(folder) ?? listFolders(folder);
    listings.set(folder, listing);
    return listing;
  };
  const found = await mapConcurrently([...folders.values()], CONCURRENT_FOLDERS, async (members) => {
    const [first] = members;
    if (first === undefined) return [];
    return folderStatus(plan, await settingFolders(plan.outputDir, first.configuration, listOnce), members);
  });
  return found.flat().sort((left, right) => left.run.index - right.run.index);
}

/** `folders` are those of one setting, its own first, which alone can have locks and checkpoints. */
async function folderStatus(
  plan: Plan,
  folders: readonly string[],
  runs: readonly PlannedRun[],
): Promise<PlannedStatus[]> {
  const [own = [], ...others] = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  const names = new Set(own);
  const outcomes: RunOutcomeSummary[] = [];
  const seeds = new Set(runs.map(({ configuration }) => `random_seed__${configuration.seed}`));
  for (const [index, entries] of [own, ...others].entries()) {
    for (const name of entries) {
      if (!name.endsWith('.json') || !seeds.has(name.slice(0, name.indexOf('__', 'random_seed__'.length)))) continue;
      const outcome = await readRunOutcome(join(at(folders, index), name));
      if (outcome !== null) outcomes.push(outcome);
    }
  }
  const statuses: PlannedStatus[] = [];
  for (const run of runs) {
    const own = outcomes.filter(({ configurationHash }) => configurationHash === run.hash);
    statuses.push(await statusOf(plan, run, own, names));
  }
  return statuses;
}

async function statusOf(
  { outputDir, pruning }: Plan,
  run: PlannedRun,
  outcomes: readonly RunOutcomeSummary[],
  names: ReadonlySet<string>,
): Promise<PlannedStatus> {
  const newest = [...outcomes].sort((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
  const ended = newest.find(({ status }) => hasEnded(status.state));
  if (ended !== undefined) return fromFile(run, ended);
  const { checkpoint, lock, crash: note } = runPlace(outputDir, run.configuration);
  const there = (path: string) => names.has(basename(path));
  const found = there(checkpoint) ? await readCheckpointHeader(checkpoint) : { kind: 'none' as const };
  const header = found.kind === 'whole' ? found.checkpoint : null;
  const faults = found.kind === 'damaged' || found.kind === 'other' ? [checkpointFault(found)] : [];
  const holder = there(lock)
    ? await readRunLock(outputDir, run.configuration).catch((error: unknown) => {
        faults.push(error instanceof Error ? error.message : String(error));
        return null;
      })
    : null;
  const fault = faults.length > 0 ? faults.join('; ') : null;
  const [last] = newest;
  const epoch = header === null ? (last?.status.epoch ?? null) : Math.max(header.epoch, last?.status.epoch ?? 0);
  if (holder !== null) {
    return { run, state: 'running', path: null, epoch, reason: describeHolder(holder), fault };
  }
  const crash = there(note) ? await readCrash(outputDir, run.configuration) : null;
  if (crash !== null) return { run, state: 'failed', path: null, epoch, reason: crash.reason, fault };
  if (last !== undefined) {
    const status = { ...fromFile(run, last), epoch, fault };
    // What another rule pruned, or an earlier plan that pruned, is open.
    const stays = status.state !== 'pruned' || last.prunedBy === ruleOf(pruning, run.configuration.numEpochs);
    return stays ? status : { ...status, state: 'interrupted' };
  }
  if (found.kind !== 'none') {
    return { run, state: 'interrupted', path: null, epoch, reason: fault ?? 'ended without a run file', fault };
  }
  return { run, state: 'missing', path: null, epoch: null, reason: null, fault };
}

/** `damaged checkpoint: found …, expected …` */
function checkpointFault({ kind, fault }: { readonly kind: 'damaged' | 'other'; readonly fault: string }): string {
  return kind === 'damaged' ? `damaged checkpoint: ${fault}` : fault;
}

function fromFile(run: PlannedRun, { path, status: { state, epoch, reason } }: RunOutcomeSummary): PlannedStatus {
  return { run, state, path, epoch, reason, fault: null };
}

/** How many runs are in which state. */
export function countPlanned(statuses: readonly { readonly state: PlannedState }[]): Record<PlannedState, number> {
  const counts = Object.fromEntries(PLANNED_STATES.map((state) => [state, 0])) as Record<PlannedState, number>;
  for (const { state } of statuses) counts[state] += 1;
  return counts;
}
