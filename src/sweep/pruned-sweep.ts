import { at } from '../expect.js';
import { hasEnded, readResults } from '../results/index.js';
import { markPruned } from '../run/index.js';
import type { Plan } from './plan.js';
import { type PlanPruning, ruleOf } from './plan-pruning.js';
import type { PlannedRun } from './planned-runs.js';
import type { RunEnd } from './pool.js';
import {
  type Decision,
  decisionsOf,
  type PlannedSetting,
  type PrunedGroup,
  prunedGroups,
  type RunResult,
} from './pruned-groups.js';
import { type PlannedStatus, planStatus } from './status.js';

/** A plan that prunes. */
type PrunedPlan = Plan & { readonly pruning: PlanPruning };

/** What executes runs, each until so many epochs, and says what became of them. */
export type Execute = (
  runs: readonly PlannedRun[],
  stopAfter: (run: PlannedRun) => number | undefined,
) => Promise<ReadonlyMap<number, RunEnd>>;

/**
 * Executes the runs of a plan that prunes, stage by stage: all runs up to their group's next decision, the decision, the
 * runs that go on up to the one after it. A decision waits for all runs of its group, so that it is the same however many run at the
 * same time, in whichever order and after whatever interruption; it is made anew from the files each time. Runs that are stopped keep
 * their checkpoints, and their files say so. Returns what became of the runs that were executed, by index.
 */
export async function executePruned(
  plan: PrunedPlan,
  runs: readonly PlannedRun[],
  {
    execute,
    isStopped,
    onDecision,
  }: {
    readonly execute: Execute;
    /** Whether nothing more is to be started. */
    readonly isStopped: () => boolean;
    readonly onDecision: (group: PlannedSetting, decision: Decision) => void;
  },
): Promise<ReadonlyMap<number, RunEnd>> {
  const { pruning } = plan;
  const groups = prunedGroups(plan, pruning, runs).map((group) => ({ ...group, announced: 0 }));
  const ends = new Map<number, RunEnd>();
  for (;;) {
    const statuses = await planStatus(plan, runs);
    const statusOf = new Map(statuses.map((status) => [status.run.index, status]));
    const results = await resultsOf(statuses, ends);
    // After which epoch each run that goes on is decided on next; undefined where no decision is left.
    const targets = new Map<number, number | undefined>();
    for (const group of groups) {
      const { decided, prunedAfter } = decisionsOf(group, pruning, (run) => results(run.index));
      await markStopped(plan, group, decided, statusOf);
      const [first] = group.settings;
      for (const decision of decided.slice(group.announced)) if (first !== undefined) onDecision(first, decision);
      group.announced = decided.length;
      const next = group.decisions[decided.length];
      for (const { index } of group.settings.filter((_, place) => prunedAfter[place] === null).flat()) {
        const { isOver, run } = results(index);
        const waits = next !== undefined && (run?.status.epoch ?? -1) >= next;
        if (!isOver && !waits) targets.set(index, next);
      }
    }
    if (targets.size === 0 || isStopped()) return ends;
    const todo = runs.filter(({ index }) => targets.has(index));
    const round = await execute(todo, ({ index }) => targets.get(index));
    for (const [index, end] of round) ends.set(index, end);
    // What does not come to its decision in this sweep (interrupted, left to another process) holds its group up.
    if ([...round.values()].some(({ state }) => state === 'interrupted' || state === 'left')) return ends;
  }
}

/** Writes into the files of what decisions have stopped why; what says so already is left alone. */
async function markStopped(
  { pruning, outputDir }: PrunedPlan,
  group: PrunedGroup,
  decided: readonly Decision[],
  statusOf: ReadonlyMap<number, PlannedStatus>,
): Promise<void> {
  const rule = ruleOf(pruning, group.numEpochs) ?? pruning.rule;
  for (const { epoch, stopped } of decided) {
    for (const { index: setting, reason: why } of stopped) {
      const reason = `pruned after epoch ${epoch}: ${why}`;
      for (const { index, configuration } of at(group.settings, setting)) {
        const status = statusOf.get(index);
        if (status?.state === 'pruned' && status.reason === reason) continue;
        await markPruned(outputDir, configuration, { rule, reason });
      }
    }
  }
}

/** What decisions know of each run. A run that failed in this sweep counts as worst; one that failed before is tried again. */
async function resultsOf(
  statuses: readonly PlannedStatus[],
  ends: ReadonlyMap<number, RunEnd>,
): Promise<(index: number) => RunResult> {
  const { runs } = await readResults(statuses.flatMap(({ path }) => path ?? []));
  const recorded = new Map(runs.map((run) => [run.file, run]));
  const results = new Map(
    statuses.map((status): [number, RunResult] => {
      const failed = ends.get(status.run.index)?.state === 'failed';
      return [
        status.run.index,
        { run: recorded.get(status.path ?? '') ?? null, isOver: hasEnded(status.state) || failed },
      ];
    }),
  );
  return (index) => results.get(index) ?? { run: null, isOver: false };
}
