import {
  groupSettings,
  type RankedSetting,
  rankSettings,
  type SelectionMode,
  type Setting,
} from '../analysis/index.js';
import { type Metric, type RecordedRun, readResults } from '../results/index.js';
import type { Plan } from './plan.js';
import type { PlannedRun } from './planned-runs.js';
import { countPlanned, type PlannedStatus, planStatus } from './status.js';

/** A ranked setting of a plan, with a planned run that has it. */
export interface RankedPlanSetting extends RankedSetting {
  readonly run: PlannedRun;
}

/** The settings of one optimizer on one test problem, best first. */
export interface PlanRanking {
  readonly testproblem: string;
  /** Class name, as in results. */
  readonly optimizer: string;
  /** The metric that decided: the one asked for, or what DeepOBS falls back to. */
  readonly metric: Metric;
  readonly mode: SelectionMode;
  /** The seeds that every ranked setting has; with mode `most` all seeds. */
  readonly seeds: readonly number[];
  readonly settings: readonly RankedPlanSetting[];
  /** Settings of the plan that could not be ranked, and why. */
  readonly leftOut: readonly { readonly run: PlannedRun; readonly reason: string }[];
  /** Seeds that some ranked settings have and others lack: they do not count. */
  readonly unusedSeeds: readonly number[];
}

/** The rankings of a plan and what they rest on. */
export interface PlanBest {
  readonly rankings: readonly PlanRanking[];
  readonly statuses: readonly PlannedStatus[];
  /** Run files that could not be read, one line each. */
  readonly faults: readonly string[];
}

/**
 * Ranks the settings of each optimizer on each test problem by DeepOBS' rules, like with like: over the seeds that all
 * ranked settings have. A setting without the seed that most settings have is left out. Only runs of the plan count.
 */
export async function rankPlan(
  plan: Plan,
  { metric, mode }: { readonly metric: Metric; readonly mode: SelectionMode },
): Promise<PlanBest> {
  const statuses = await planStatus(plan);
  const ended = statuses.filter(({ state }) => state === 'completed' || state === 'diverged');
  const { runs, faults } = await readResults(ended.flatMap(({ path }) => path ?? []));
  const recorded = new Map(runs.map((run) => [run.file, run]));
  const groups = new Map<string, PlannedStatus[]>();
  for (const status of statuses) {
    const { testproblem, optimizer } = status.run.configuration;
    append(groups, JSON.stringify([testproblem, optimizer.className]), status);
  }
  const rankings = [...groups.values()].map((members) => rankGroup(members, recorded, { metric, mode }));
  return { rankings, statuses, faults };
}

/** A setting of the plan with its results. */
interface Entry {
  readonly run: PlannedRun;
  readonly setting: Setting;
}

function rankGroup(
  members: readonly PlannedStatus[],
  recorded: ReadonlyMap<string, RecordedRun>,
  { metric, mode }: { readonly metric: Metric; readonly mode: SelectionMode },
): PlanRanking {
  const planned = new Map<string, PlannedStatus[]>();
  for (const member of members) {
    append(planned, JSON.stringify({ ...member.run.request, seed: null }), member);
  }
  const entries: Entry[] = [];
  const leftOut: { run: PlannedRun; reason: string }[] = [];
  for (const statuses of planned.values()) {
    const [first] = statuses;
    if (first === undefined) continue;
    const results = statuses.flatMap(({ path }) => recorded.get(path ?? '') ?? []);
    if (results.length === 0)
      leftOut.push({ run: first.run, reason: `no result that can be read (${describeStates(statuses)})` });
    for (const setting of groupSettings(results)) entries.push({ run: first.run, setting });
  }
  const { seeds, compared, lacking } =
    mode === 'most' ? { seeds: seedsOf(entries), compared: entries, lacking: [] } : likeWithLike(entries);
  for (const { run } of lacking) leftOut.push({ run, reason: `has not the seed ${seeds[0]} that most settings have` });
  const ranking = rankSettings(
    compared.map(({ setting }) => setting),
    { metric, mode },
  );
  const owner = new Map(compared.map(({ setting, run }) => [setting, run]));
  const { testproblem = '', optimizer } = members[0]?.run.configuration ?? {};
  return {
    testproblem,
    optimizer: optimizer?.className ?? '',
    metric: ranking.metric,
    mode: ranking.mode,
    seeds,
    settings: ranking.settings.flatMap((entry): RankedPlanSetting[] => {
      const run = owner.get(entry.setting);
      return run === undefined ? [] : [{ ...entry, run }];
    }),
    leftOut,
    unusedSeeds: seedsOf(entries).filter((seed) => !seeds.includes(seed)),
  };
}

function append(groups: Map<string, PlannedStatus[]>, key: string, member: PlannedStatus): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [member]);
  else group.push(member);
}

/** The settings that have the most common seed, cut to the seeds that all of them have. */
function likeWithLike(entries: readonly Entry[]) {
  const has = ({ setting }: Entry, seed: number) => setting.runs.some((run) => run.seed === seed);
  const spread = (seed: number) => entries.filter((entry) => has(entry, seed)).length;
  const [anchor] = seedsOf(entries).sort((left, right) => spread(right) - spread(left) || left - right);
  const members = anchor === undefined ? [] : entries.filter((entry) => has(entry, anchor));
  const shared = seedsOf(members).filter((seed) => members.every((entry) => has(entry, seed)));
  const seeds = anchor === undefined ? [] : [anchor, ...shared.filter((seed) => seed !== anchor)];
  const compared = members.map(({ run, setting }): Entry => {
    const runs = setting.runs.filter(({ seed }) => seeds.includes(seed));
    return { run, setting: { ...setting, runs } };
  });
  return { seeds, compared, lacking: entries.filter((entry) => !members.includes(entry)) };
}

function seedsOf(entries: readonly Entry[]): number[] {
  const seeds = new Set(entries.flatMap(({ setting }) => setting.runs.map(({ seed }) => seed)));
  return [...seeds].sort((left, right) => left - right);
}

/** `2 failed, 1 missing`. */
function describeStates(statuses: readonly PlannedStatus[]): string {
  return Object.entries(countPlanned(statuses))
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
