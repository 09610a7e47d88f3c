import { at } from '../expect.js';
import { hasEnded, listFolders, type RunState, settingFolders, settingPath } from '../results/index.js';
import { describeHolder } from '../run/index.js';
import { mapConcurrently } from './concurrent.js';
import type { Plan } from './plan.js';
import { ruleOf } from './plan-pruning.js';
import { type PlannedRun, plannedRuns } from './planned-runs.js';
import type { RunOutcomeSummary } from './run-outcome.js';
import { type RunTraces, readFolderTraces } from './run-traces.js';

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

async function folderStatus(
  plan: Plan,
  folders: readonly string[],
  runs: readonly PlannedRun[],
): Promise<PlannedStatus[]> {
  const traces = await readFolderTraces(plan.outputDir, folders, runs);
  return runs.map((run, index) => statusOf(plan, run, at(traces, index)));
}

function statusOf({ pruning }: Plan, run: PlannedRun, traces: RunTraces): PlannedStatus {
  if (traces.kind === 'ended') return fromFile(run, traces.file);
  const { last, checkpoint, holder, lockError, crash } = traces;
  const faults = checkpoint.kind === 'damaged' || checkpoint.kind === 'other' ? [checkpointFault(checkpoint)] : [];
  if (lockError !== null) faults.push(lockError instanceof Error ? lockError.message : String(lockError));
  const fault = faults.length > 0 ? faults.join('; ') : null;
  const saved = checkpoint.kind === 'whole' ? checkpoint.checkpoint.epoch : null;
  const epoch = saved === null ? (last?.status.epoch ?? null) : Math.max(saved, last?.status.epoch ?? 0);
  if (holder !== null) {
    return { run, state: 'running', path: null, epoch, reason: describeHolder(holder), fault };
  }
  if (crash !== null) return { run, state: 'failed', path: null, epoch, reason: crash.reason, fault };
  if (last !== null) {
    const status = { ...fromFile(run, last), epoch, fault };
    // What another rule pruned, or an earlier plan that pruned, is open.
    const stays = status.state !== 'pruned' || last.prunedBy === ruleOf(pruning, run.configuration.numEpochs);
    return stays ? status : { ...status, state: 'interrupted' };
  }
  if (checkpoint.kind !== 'none') {
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
