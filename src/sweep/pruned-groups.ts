import { groupBy } from '../group-by.js';
import type { Metric, RecordedRun } from '../results/index.js';
import { competitorKey } from './best.js';
import type { Plan } from './plan.js';
import { decisionEpochs, type PlanPruning } from './plan-pruning.js';
import type { PlannedRun } from './planned-runs.js';
import { decide, type Stopped, type Trial } from './pruning.js';

/** A setting of a plan: its runs, one for each seed. */
export type PlannedSetting = readonly PlannedRun[];

/** Settings that are decided on together: those that `sweep best` ranks against each other, with equally many epochs. */
export interface PrunedGroup {
  readonly settings: readonly PlannedSetting[];
  readonly numEpochs: number;
  /** Ascending. */
  readonly decisions: readonly number[];
}

/** The groups of a plan's runs, in the plan's order. */
export function prunedGroups(plan: Plan, pruning: PlanPruning, runs: readonly PlannedRun[]): PrunedGroup[] {
  const groups = groupBy(runs, (run) => JSON.stringify([competitorKey(plan, run), run.configuration.numEpochs]));
  return [...groups.values()].map((members) => {
    const numEpochs = members[0]?.configuration.numEpochs ?? 0;
    const settings = groupBy(members, ({ request }) => JSON.stringify({ ...request, seed: null }));
    return { settings: [...settings.values()], numEpochs, decisions: decisionEpochs(pruning, numEpochs) };
  });
}

/** What a decision makes of a group. */
export interface Decision {
  readonly epoch: number;
  readonly metric: Metric;
  /** Settings before it. */
  readonly running: number;
  readonly stopped: readonly Stopped[];
}

/**
 * The decisions of a group that its results allow, up to the first one for which a run has not come far enough; and for every
 * setting after which epoch it was stopped, or null. A run that has ended (`resultOf` says how) without coming so far counts as worst.
 */
export function decisionsOf(
  { settings, decisions }: PrunedGroup,
  pruning: PlanPruning,
  resultOf: (run: PlannedRun) => RunResult,
): { readonly decided: readonly Decision[]; readonly prunedAfter: readonly (number | null)[] } {
  const prunedAfter: (number | null)[] = settings.map(() => null);
  const decided: Decision[] = [];
  const results = settings.map((runs) => runs.map(resultOf));
  const metric = metricInForce(pruning.metric as Metric, results.flat());
  for (const epoch of decisions) {
    const waits = (result: RunResult) => !result.isOver && (result.run?.curves[metric]?.length ?? 0) <= epoch;
    if (results.some((runs, index) => prunedAfter[index] === null && runs.some(waits))) break;
    const trials = results.map((runs, index): Trial => {
      const curves = runs.map(({ run }) => run?.curves[metric] ?? []);
      return { curve: meanCurve(curves, epoch), prunedAfter: prunedAfter[index] ?? null };
    });
    const running = prunedAfter.filter((after) => after === null).length;
    const stopped = decide(pruning, metric, trials, epoch);
    for (const { index } of stopped) prunedAfter[index] = epoch;
    decided.push({ epoch, metric, running, stopped });
  }
  return { decided, prunedAfter };
}

/** A run as decisions see it. */
export interface RunResult {
  /** Null where there is no file. */
  readonly run: RecordedRun | null;
  /** Whether it will not come further in this sweep: completed, diverged, failed. */
  readonly isOver: boolean;
}

/** Of a problem without accuracies the losses count, as in `sweep best`. */
function metricInForce(metric: Metric, results: readonly RunResult[]): Metric {
  const measured = results.some(({ run }) => (run?.curves[metric]?.length ?? 0) > 0);
  return measured ? metric : 'valid_losses';
}

/** Null at an epoch where one of the curves has no finite value. */
function meanCurve(curves: readonly (readonly (number | null)[])[], last: number): (number | null)[] {
  return Array.from({ length: last + 1 }, (_, epoch) => {
    const values = curves.map((curve) => curve[epoch] ?? null);
    if (values.some((value) => value === null)) return null;
    return values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  });
}
