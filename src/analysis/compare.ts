import { areMet, type Condition } from '../condition.js';
import { groupBy } from '../group-by.js';
import { inNaturalOrder } from '../natural-order.js';
import type { RecordedRun } from '../results/index.js';
import { admitBaselines, type BaselineOptions } from './baseline-rows.js';
import { bestSettings, type RowOptions, satisfies } from './best-settings.js';
import { type MeasuredSetting, resultSettings } from './compared-setting.js';
import type { Comparison, ComparisonTable } from './comparison.js';
import { type Competitor, competitorOf } from './competitor.js';
import { describeConditions, tableKey } from './conditions.js';
import { withDetail } from './details.js';
import { withDifferences } from './differences.js';
import { describeEdge } from './grid-edge.js';
import { isAccuracy, type Metric } from './metrics.js';
import { isVersionOf, withProblemVersions } from './problem-names.js';
import { profilesOf } from './profiles.js';
import { availableMetric } from './ranking.js';
import { rowNames } from './row-names.js';
import type { SelectionMode } from './selection-mode.js';
import { type KnownDefaults, scheduleInWords, settingText } from './setting-text.js';
import { unlikeStarts } from './starts.js';
import { publishedTarget, type Target, userTarget } from './targets.js';

/** What to compare, and how. */
export interface CompareOptions extends RowOptions, BaselineOptions {
  /** What to show; where nothing has it, DeepOBS' fall-back (losses for problems without accuracies). */
  readonly metric?: Metric;
  /** Metric that selects the best setting. */
  readonly selectionMetric?: Metric;
  readonly mode?: SelectionMode;
  /** Optimizer, or name of a row, that differences and relative times refer to; SGD, else the first one. */
  readonly reference?: string;
  /** Targets by test problem, instead of the published ones. */
  readonly targets?: Readonly<Record<string, number>>;
  /** Only these, in this order; default: all, alphabetically. The order of `optimizers` counts, too. */
  readonly testproblems?: readonly string[];
  /** Only settings that have these values; a setting without such a name is not concerned. Results only. */
  readonly where?: readonly Condition[];
  /** Shows wall times also of runs that shared the machine with others. */
  readonly wallTime?: boolean;
  /** Gives every row its curves, single runs and tried settings. */
  readonly details?: boolean;
  /** Defaults of hyperparameters, so that a row need not repeat them. */
  readonly defaults?: KnownDefaults;
}

/**
 * Compares the best settings of all optimizers, test problem by test problem. Runs under unlike conditions (epochs, batch
 * size, L2 factor, data, protocol) stand in separate tables; a baseline stands in a table only where it answers the same
 * question, and every difference that remains is named.
 */
export function compare(runs: readonly RecordedRun[], options: CompareOptions = {}): Comparison {
  const { optimizers, where = [] } = options;
  const comparedSettings = resultSettings(withProblemVersions(runs)).filter(
    ({ setting }) =>
      optimizers?.includes(setting.optimizer) !== false && areMet(where, (condition) => satisfies(setting, condition)),
  );
  const groups = groupBy(comparedSettings, ({ setting }) => `${setting.testproblem} ${tableKey(setting)}`);
  const tables = [...groups.values()].map((own) => tableOf(own, options));
  const byProblem = groupBy(tables, ({ testproblem }) => testproblem);
  const asked = options.testproblems?.flatMap((name) => [
    ...new Set(tables.map(({ testproblem }) => testproblem).filter((found) => isVersionOf(found, name))),
  ]);
  const ordered = inOrder(tables, ({ testproblem }) => testproblem, asked).map((table) =>
    (byProblem.get(table.testproblem)?.length ?? 0) < 2
      ? table
      : { ...table, notes: [...table.notes, SEPARATE_TABLES] },
  );
  return { tables: ordered, profiles: profilesOf(ordered) };
}

const SEPARATE_TABLES = 'results of this test problem under other conditions have their own table';

function tableOf(own: readonly MeasuredSetting[], options: CompareOptions): ComparisonTable {
  const [{ setting: sample } = { setting: undefined }] = own;
  if (sample === undefined) throw new Error('defect: a table without results');
  const settings = own.map(({ setting }) => setting);
  const metric = availableMetric(settings, options.metric ?? 'test_accuracies');
  const unlike = unlikeStarts(
    sample.testproblem,
    settings.flatMap(({ runs }) => runs),
  );
  const target = unlike === null ? targetOf(settings, metric, options) : null;
  const selection = { mode: options.mode ?? 'most', metric: options.selectionMetric ?? 'valid_accuracies' };
  const { admitted, notes } = admitBaselines(options, sample, metric);
  const best = bestSettings(own, selection, options);
  const context = { metric, target, sample, wallTime: options.wallTime ?? false };
  const chosen = [...best.chosen, ...bestSettings(admitted, selection, options).chosen];
  const competitors = inTableOrder(
    chosen.map((choice) => competitorOf(choice, context)),
    options.optimizers,
  );
  const names = rowNames(competitors.map(({ row }) => row));
  const beside = competitors.map(({ setting }) => setting);
  const named = competitors.map((competitor, index) => ({
    ...competitor,
    row: {
      ...competitor.row,
      name: names[index] ?? competitor.row.optimizer,
      settingText: settingText(competitor.setting, beside, options.defaults ?? new Map()),
      schedule: scheduleInWords(competitor.setting),
    },
  }));
  const { rows, reference, notes: pairing } = withDifferences(named, options.reference, unlike === null);
  const superseded = settings.reduce((sum, setting) => sum + setting.superseded.length, 0);
  return {
    testproblem: sample.testproblem,
    conditions: describeConditions(sample),
    metric,
    selection: { mode: selection.mode, metric: best.metric },
    reference,
    rows:
      options.details === true
        ? rows.map((row, index) =>
            withDetail(row, named[index], { metric, wallTime: context.wallTime, epochs: sample.numEpochs }),
          )
        : rows,
    notes: [
      ...notes,
      ...(unlike === null ? [] : [unlikeNote(sample.testproblem, unlike)]),
      ...(superseded === 0 ? [] : [`${counted(superseded, 'older or unfinished file')} of the same runs not used`]),
      ...versionNotes(competitors),
      ...folderNotes(settings),
      ...rows.flatMap(({ name, edges }) => edges.map((edge) => `${name}: ${describeEdge(edge)}`)),
      ...pairing,
      ...wallNotes(competitors, options),
    ],
  };
}

function unlikeNote(testproblem: string, { smallest, largest }: { smallest: number; largest: number }): string {
  const range = `${smallest.toPrecision(4)} to ${largest.toPrecision(4)}`;
  return `the runs are not of one problem: ${testproblem} always starts at the same test loss, but these start at ${range} (DeepOBS 1.2.0-beta draws another quadratic in nearly every run); no target and no paired test`;
}

/** Several versions of a user's optimizer, each in a row of its own. */
function versionNotes(competitors: readonly Competitor[]): string[] {
  const rows = competitors.map(({ row }) => row).filter(({ originKind }) => originKind === 'results');
  return [...groupBy(rows, ({ optimizer }) => optimizer)].flatMap(([optimizer, own]) => {
    const versions = [
      ...new Set(own.map(({ version, file }) => (version === null ? 'bundled' : `${file} ${version}`))),
    ];
    if (versions.length < 2) return [];
    return [`${optimizer}: runs of ${versions.length} versions (${versions.join(', ')}), one row for each`];
  });
}

function folderNotes(settings: readonly Competitor['setting'][]): string[] {
  const folders = [...new Set(settings.flatMap(({ folder }) => folder ?? []))];
  if (folders.length === 0) return [];
  return [
    `different runs of the same seeds in ${folders.join(', ')}: one row for each folder (LABEL=FOLDER names them)`,
  ];
}

function wallNotes(competitors: readonly Competitor[], { wallTime }: CompareOptions): string[] {
  const timed = competitors.some(({ row }) => row.originKind === 'results' && row.cpuSecondsPerEpoch !== null);
  const hidden = competitors.some(
    ({ row }) => row.originKind === 'results' && row.cpuSecondsPerEpoch !== null && row.wallSecondsPerEpoch === null,
  );
  if (wallTime === true && timed) {
    return ['wall times include those of runs that shared the machine with others; probprec runtime measures properly'];
  }
  return hidden
    ? ['no wall times: runs shared the machine, or do not record whether they did (--wall-time shows them)']
    : [];
}

function targetOf(settings: readonly Competitor['setting'][], metric: Metric, options: CompareOptions): Target | null {
  const [sample] = settings;
  if (sample === undefined) return null;
  const { targets = {} } = options;
  if (Object.hasOwn(targets, sample.testproblem)) {
    const accuracy = isAccuracy(metric) || availableMetric(settings, 'test_accuracies') === 'test_accuracies';
    return userTarget(targets[sample.testproblem] ?? Number.NaN, accuracy);
  }
  // A published target belongs to the published data, and to the test problem, not to a folder of its name.
  const { dataSource, statedTestproblem } = sample.conditions;
  return dataSource === 'synthetic' || statedTestproblem !== undefined ? null : publishedTarget(sample.testproblem);
}

/** By the user's order or that of labels and plan entries; else alphabetically, results before baselines. */
function inTableOrder(competitors: readonly Competitor[], order: readonly string[] | undefined): Competitor[] {
  const rank = ({ row, setting }: Competitor) => [
    Number(row.originKind === 'baseline'),
    setting.position ?? Number.POSITIVE_INFINITY,
  ];
  const positioned = competitors.some(({ setting }) => setting.position !== null);
  const byName = inOrder(competitors, ({ row }) => row.optimizer, order);
  if (!positioned) return byName;
  return byName.sort((left, right) => {
    const [leftKind = 0, leftPosition = 0] = rank(left);
    const [rightKind = 0, rightPosition = 0] = rank(right);
    return leftKind - rightKind || (leftPosition === rightPosition ? 0 : leftPosition - rightPosition);
  });
}

/** By the user's order, which also selects; without one alphabetically. Stable, so that rows of one label stay together. */
function inOrder<T>(items: readonly T[], name: (item: T) => string, order: readonly string[] | undefined): T[] {
  if (order === undefined) {
    return [...items].sort((left, right) => inNaturalOrder(name(left), name(right)));
  }
  return order.flatMap((wanted) => items.filter((item) => name(item) === wanted));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
