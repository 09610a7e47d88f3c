import type { RecordedRun } from '../results/index.js';
import { bestContenders, type Candidate, candidateOf } from './candidate.js';
import type { Comparison, ComparisonRow, ComparisonTable } from './comparison.js';
import { describeConditions, mismatches, tableKey } from './conditions.js';
import { type Contender, runContenders } from './contender.js';
import { holm } from './holm.js';
import { isAccuracy, type Metric } from './metrics.js';
import { type PairedDifference, pairedDifference } from './paired.js';
import { performanceProfiles } from './performance-profile.js';
import { availableMetric } from './ranking.js';
import type { SelectionMode } from './selection-mode.js';
import { PUBLISHED_TARGETS, type Target, userTarget } from './targets.js';

/** What to compare, and how. */
export interface CompareOptions {
  readonly baselines?: readonly Contender[];
  /** What to show; where nothing has it, DeepOBS' fall-back (losses for problems without accuracies). */
  readonly metric?: Metric;
  /** What settings are chosen by. */
  readonly selectionMetric?: Metric;
  readonly mode?: SelectionMode;
  /** Label of the optimizer that differences and relative times refer to; SGD, else the first one. */
  readonly reference?: string;
  /** Targets by test problem, instead of the published ones. */
  readonly targets?: Readonly<Record<string, number>>;
  /** Only these, in this order; default: all, alphabetically. */
  readonly testproblems?: readonly string[];
  readonly optimizers?: readonly string[];
  /** Shows baselines under other conditions too, marked; one with more epochs is read at the epoch where the runs end. */
  readonly allowMismatch?: boolean;
}

/**
 * Compares the best settings of all optimizers, test problem by test problem. Runs under unlike conditions (epochs, batch
 * size, L2 factor, data, protocol) stand in separate tables; a baseline stands in a table only where it answers the same
 * question, and every difference that remains is named.
 */
export function compare(runs: readonly RecordedRun[], options: CompareOptions = {}): Comparison {
  const groups = new Map<string, Contender[]>();
  for (const contender of runContenders(runs, 'results')) {
    if (options.optimizers?.includes(contender.setting.optimizer) === false) continue;
    const key = `${contender.setting.testproblem} ${tableKey(contender.setting)}`;
    groups.set(key, [...(groups.get(key) ?? []), contender]);
  }
  const tables = [...groups.values()].map((contenders) => tableOf(contenders, options));
  const separate = new Map<string, number>();
  for (const { testproblem } of tables) separate.set(testproblem, (separate.get(testproblem) ?? 0) + 1);
  const ordered = inOrder(tables, ({ testproblem }) => testproblem, options.testproblems).map((table) =>
    (separate.get(table.testproblem) ?? 0) < 2 ? table : { ...table, notes: [...table.notes, SEPARATE_TABLES] },
  );
  return { tables: ordered, profiles: profilesOf(ordered) };
}

const SEPARATE_TABLES = 'results of this test problem under other conditions stand in a table of their own';

function tableOf(own: readonly Contender[], options: CompareOptions): ComparisonTable {
  const [{ setting: sample } = { setting: undefined }] = own;
  if (sample === undefined) throw new Error('defect: a table without results');
  const settings = own.map(({ setting }) => setting);
  const metric = availableMetric(settings, options.metric ?? 'test_accuracies');
  const target = targetOf(sample.testproblem, isAccuracy(metric) || hasAccuracy(own), options);
  const selection = { mode: options.mode ?? 'most', metric: options.selectionMetric ?? 'valid_accuracies' };
  const { admitted, notes } = admit(options, sample, metric);
  const best = bestContenders(own, selection);
  const candidates = [
    ...best.chosen.map((chosen) => candidateOf(chosen, { metric, target, sample })),
    ...admitted.map((contender) => candidateOf({ contender, settingsTried: 1 }, { metric, target, sample })),
  ];
  const sorted = inOrder(candidates, ({ row }) => row.optimizer, options.optimizers);
  const reference = referenceOf(sorted, options.reference);
  if (options.reference !== undefined && reference === null) {
    notes.push(`no runs of the reference ${options.reference} here: no differences and no relative times`);
  }
  const superseded = settings.reduce((sum, setting) => sum + setting.superseded.length, 0);
  if (superseded > 0) notes.push(`${superseded} further files of the same runs not used (older, or not completed)`);
  if (new Set(settings.map(({ conditions }) => conditions.engine)).size > 1) {
    notes.push('results of several engines: never averaged, but a setting is chosen among all of them');
  }
  notes.push(...timeNotes(sorted, reference));
  return {
    testproblem: sample.testproblem,
    conditions: describeConditions(sample),
    metric,
    selection: { mode: selection.mode, metric: best.metric },
    reference: reference?.row.optimizer ?? null,
    rows: withDifferences(sorted, reference),
    notes,
  };
}

/** The baselines that may stand in a table, and what is said about all of them. */
function admit(options: CompareOptions, sample: Contender['setting'], metric: Metric) {
  const admitted: Contender[] = [];
  const used = new Map<string, Set<string>>();
  const left = new Map<string, Set<string>>();
  const say = (list: Map<string, Set<string>>, origin: string, text: string) =>
    list.set(origin, new Set([...(list.get(origin) ?? []), text]));
  const relevant = (options.baselines ?? []).filter(
    ({ setting }) =>
      setting.testproblem === sample.testproblem && options.optimizers?.includes(setting.optimizer) !== false,
  );
  for (const contender of relevant) {
    const differences = mismatches(sample, contender.setting);
    const reasons = differences.filter(({ weight }) => weight === 'budget').map(({ what }) => what);
    const protocol = differences.filter(({ weight }) => weight === 'protocol').map(({ what }) => what);
    if (contender.kind === 'summary' && metric.startsWith('train_')) reasons.push('its train_* is defective');
    if (reasons.length > 0 && options.allowMismatch !== true) {
      say(left, contender.origin, reasons.join(', '));
      continue;
    }
    admitted.push(contender);
    const all = [...reasons, ...protocol];
    say(used, contender.origin, all.length === 0 ? 'conditions match' : `conditions differ: ${all.join(', ')}`);
  }
  const notes = [
    ...[...used].flatMap(([origin, texts]) => [...texts].map((text) => `baseline ${origin}: ${text}`)),
    ...[...left].flatMap(([origin, texts]) =>
      [...texts].map((text) => `baseline ${origin} left out: ${text} (--allow-mismatch shows it)`),
    ),
    ...(options.baselines !== undefined && relevant.length === 0 ? ['no baseline for this test problem'] : []),
  ];
  return { admitted, notes };
}

/** Which times are not set in relation, and why: times of other engines, devices, threads or processors mean nothing together. */
function timeNotes(candidates: readonly Candidate[], reference: Candidate | null): string[] {
  const timed = candidates.filter(({ row }) => row.origin === 'results' && row.wallSecondsPerEpoch !== null);
  if (reference === null || !timed.includes(reference)) return [];
  if (reference.machine === null) {
    return [`no relative times: the runs of ${reference.row.optimizer} are of several machines, or of unknown ones`];
  }
  return timed.flatMap(({ row, machine }) =>
    machine === reference.machine
      ? []
      : [
          `${row.optimizer}: no relative times, ${machine === null ? 'its runs are of several machines, or of unknown ones' : `it ran on ${machine}; ${reference.row.optimizer} on ${reference.machine}`}`,
        ],
  );
}

function withDifferences(candidates: readonly Candidate[], reference: Candidate | null): ComparisonRow[] {
  const differences = candidates.map((candidate): PairedDifference | null =>
    reference === null || candidate === reference || !candidate.pairable
      ? null
      : pairedDifference(candidate.finalValues, reference.finalValues),
  );
  const corrected = holm(differences.map((difference) => difference?.pValue ?? null));
  return candidates.map(({ row, machine }, index) => {
    const difference = differences[index] ?? null;
    // One name of a processor can stand for many machines: times of another origin are not set in relation.
    const comparable =
      reference !== null && machine !== null && machine === reference.machine && row.origin === reference.row.origin;
    const ratio = (own: number | null, others: number | null) =>
      comparable && own !== null && others !== null && others > 0 ? own / others : null;
    return {
      ...row,
      difference: difference === null ? null : { ...difference, holmP: corrected[index] ?? null },
      relativeWall: ratio(row.wallSecondsPerEpoch, reference?.row.wallSecondsPerEpoch ?? null),
      relativeCpu: ratio(row.cpuSecondsPerEpoch, reference?.row.cpuSecondsPerEpoch ?? null),
    };
  });
}

/** The user's own runs serve first, then an own baseline under the same conditions. */
function referenceOf(candidates: readonly Candidate[], wanted: string | undefined): Candidate | null {
  const usable = candidates.filter(({ pairable }) => pairable);
  const own = usable.filter(({ row }) => row.origin === 'results');
  const named = (label: string) => [...own, ...usable].find(({ row }) => row.optimizer === label);
  if (wanted !== undefined) return named(wanted) ?? null;
  return named('SGD') ?? own[0] ?? null;
}

function targetOf(testproblem: string, accuracy: boolean, { targets }: CompareOptions): Target | null {
  // Names come from files: one may be called constructor.
  const own = targets !== undefined && Object.hasOwn(targets, testproblem) ? targets[testproblem] : undefined;
  return own === undefined ? (PUBLISHED_TARGETS[testproblem] ?? null) : userTarget(own, accuracy);
}

function hasAccuracy(contenders: readonly Contender[]): boolean {
  return (
    availableMetric(
      contenders.map(({ setting }) => setting),
      'test_accuracies',
    ) === 'test_accuracies'
  );
}

/** By the user's order, which also selects; without one alphabetically. Stable, so that rows of one label stay together. */
function inOrder<T>(items: readonly T[], name: (item: T) => string, order: readonly string[] | undefined): T[] {
  if (order === undefined) {
    return [...items].sort((left, right) => (name(left) < name(right) ? -1 : name(left) > name(right) ? 1 : 0));
  }
  return order.flatMap((wanted) => items.filter((item) => name(item) === wanted));
}

function profilesOf(tables: readonly ComparisonTable[]): Comparison['profiles'] {
  const times: Record<string, Record<string, number | null>> = {};
  const solvable = tables.filter(({ rows }) => rows.some(({ target }) => target !== null));
  if (solvable.length < 2) return [];
  for (const { testproblem, conditions, rows } of solvable) {
    for (const { optimizer, origin, target } of rows.filter((row) => row.target !== null)) {
      const label = origin === 'results' ? optimizer : `${optimizer} (${origin})`;
      times[label] = { ...times[label], [`${testproblem}, ${conditions}`]: target?.medianEpoch ?? null };
    }
  }
  return performanceProfiles(times);
}
