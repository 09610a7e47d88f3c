import {
  checkMetric,
  type GridEdge,
  gridEdges,
  groupSettings,
  type RankedSetting,
  rankSettings,
  type SelectionMode,
  type Setting,
} from '../analysis/index.js';
import { groupBy } from '../group-by.js';
import { configurationVersion, hasEnded, type Metric, type RecordedRun, readResults } from '../results/index.js';
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
  /** The label of the plan's entry; null without one. */
  readonly label: string | null;
  /** What tells this ranking from others of the same optimizer and test problem: engine, data, protocol; else null. */
  readonly conditions: string | null;
  /** The metric that decided: the one asked for, or what DeepOBS falls back to. */
  readonly metric: Metric;
  readonly mode: SelectionMode;
  /** The seeds that every ranked setting has; with mode `most` all seeds. */
  readonly seeds: readonly number[];
  readonly settings: readonly RankedPlanSetting[];
  /** Hyperparameters of the best setting that lie at the edge of what the plan covers. */
  readonly edges: readonly GridEdge[];
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
 * ranked settings have. A setting without the seed that most settings have is left out. Only runs of the plan count; runs on
 * unlike engines, data or protocols, of unlike sources of an optimizer or under unlike labels have rankings of their own.
 * Throws ConfigurationError for a metric that no run has and that is none of the usual ones.
 */
export async function rankPlan(
  plan: Plan,
  { metric, mode }: { readonly metric: Metric; readonly mode: SelectionMode },
): Promise<PlanBest> {
  const statuses = await planStatus(plan);
  const ended = statuses.filter(({ state }) => hasEnded(state));
  const { runs, faults } = await readResults(ended.flatMap(({ path }) => path ?? []));
  checkMetric('--metric', metric, runs);
  const recorded = new Map(runs.map((run) => [run.file, run]));
  const competitors = groupBy(statuses, ({ run }) => competitorKey(plan, run));
  const namesakes = groupBy([...competitors.values()], ([first]) =>
    first === undefined ? '' : JSON.stringify([nameOf(first.run), labelOf(plan, first.run)]),
  );
  const rankings = [...namesakes.values()].flatMap((groups) =>
    groups.map((members): PlanRanking => {
      const ranking = rankGroup(members, recorded, { metric, mode });
      const [first] = members;
      return {
        ...ranking,
        label: first === undefined ? null : labelOf(plan, first.run),
        conditions: groups.length < 2 || first === undefined ? null : Object.values(conditionsOf(first.run)).join(', '),
      };
    }),
  );
  return { rankings, statuses, faults };
}

/** What runs have in common whose settings are ranked against each other. */
export function competitorKey(plan: Plan, run: PlannedRun): string {
  return JSON.stringify([nameOf(run), labelOf(plan, run), conditionsOf(run)]);
}

function nameOf({ configuration: { testproblem, optimizer } }: PlannedRun) {
  return [testproblem, optimizer.className, optimizer.source?.sha256 ?? null];
}

function labelOf(plan: Plan, { entry }: PlannedRun): string | null {
  return plan.optimizers[entry]?.label ?? null;
}

/** What results must have in common to be ranked against each other. */
function conditionsOf({ configuration }: PlannedRun) {
  const { engine, data, protocol } = configuration;
  const version = Object.entries(configurationVersion(configuration)).map(([name, value]) => [
    name,
    `${name} ${value}`,
  ]);
  return {
    ...Object.fromEntries(version),
    engine: `engine ${engine.name} ${engine.device}`,
    data: data.syntheticSize === null ? `${data.source} data` : `${data.source} data (${data.syntheticSize})`,
    protocol: `protocol ${protocol}`,
  };
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
): Omit<PlanRanking, 'label' | 'conditions'> {
  const planned = groupBy(members, ({ run }) => JSON.stringify({ ...run.request, seed: null }));
  const entries: Entry[] = [];
  const leftOut: { run: PlannedRun; reason: string }[] = [];
  for (const statuses of planned.values()) {
    const [first] = statuses;
    if (first === undefined) continue;
    const results = statuses.flatMap(({ path }) => recorded.get(path ?? '') ?? []);
    if (results.length === 0) {
      const pruned = statuses.every(({ state }) => state === 'pruned');
      const reason = pruned ? (first.reason ?? 'pruned') : `no result that can be read (${describeStates(statuses)})`;
      leftOut.push({ run: first.run, reason });
    }
    for (const setting of groupSettings(results)) entries.push({ run: first.run, setting });
  }
  const { seeds, compared, lacking } =
    mode === 'most' ? { seeds: seedsOf(entries), compared: entries, lacking: [] } : likeWithLike(entries);
  for (const { run } of lacking) leftOut.push({ run, reason: `is missing seed ${seeds[0]}, which most settings have` });
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
    edges: edgesOf(ranking.settings[0]?.setting, [...planned.values()]),
    leftOut,
    unusedSeeds: seedsOf(entries).filter((seed) => !seeds.includes(seed)),
  };
}

/** The edges of the whole plan, also of settings without results. */
function edgesOf(best: Setting | undefined, planned: readonly (readonly PlannedStatus[])[]): GridEdge[] {
  if (best === undefined) return [];
  return gridEdges(
    best,
    planned.flatMap(([first]) => (first === undefined ? [] : [first.run.configuration.optimizer])),
  );
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
