import { type ComparisonRow, type ComparisonTable, isAccuracy, type Summary } from '../analysis/index.js';
import { type Metric, OTHER_STATES } from '../results/index.js';
import { countLine, MARKING, type Measured, markedRows, measuredBy } from './comparison-means.js';
import type { Column } from './layout.js';
import { type NumberFormat, numberFormat, shortNumber, signed } from './numbers.js';

/** A comparison table as texts for people: columns in which no row has anything are left out. */
export interface TextTable {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** `row:column` of the best mean of each metric, and of those whose interval overlaps its interval. */
  readonly marked: ReadonlySet<string>;
  /** What the marks mean; null where nothing is marked. */
  readonly marking: string | null;
  /** How many runs the rows are of. */
  readonly counts: string;
  /** What a reader must know about this table. */
  readonly notes: readonly string[];
  /** What its columns mean. */
  readonly legend: readonly string[];
}

/** The columns that can be chosen, in their order. */
export const COLUMN_NAMES = [
  'optimizer',
  'from',
  'setting',
  'runs',
  'mean',
  'interval',
  'best',
  'target',
  'speed',
  'wall',
  'cpu',
  'difference',
  'p',
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** What a table shows; everything that it has, of its own metric, where nothing is said. */
export interface TableChoice {
  /** In this order. */
  readonly columns?: readonly ColumnName[];
  /** Mean and interval of each of these; those besides the table's own need a comparison with details. */
  readonly metrics?: readonly Metric[];
}

interface ColumnOfRows extends Column {
  readonly name: ColumnName;
  readonly text: (row: ComparisonRow) => string;
  /** What the column means, for below the table. */
  readonly meaning?: string;
  /** Of a column of means: what it shows of a row. */
  readonly measured?: (row: ComparisonRow) => Measured;
}

/** The columns of a comparison table as texts. */
export function comparisonColumns(table: ComparisonTable, choice: TableChoice = {}): TextTable {
  const { metric, rows, selection } = table;
  const all = columnsOf(table, choice.metrics ?? [metric]);
  const kept =
    choice.columns === undefined
      ? all.filter(({ text }, index) => index === 0 || rows.some((row) => text(row) !== ''))
      : inOrder(all, choice.columns);
  const several = rows.some(({ settingsTried }) => settingsTried > 1);
  const chosen = several ? `; settings chosen by ${words(selection.metric)} (${selection.mode})` : '';
  const marked = kept.flatMap(({ measured }, column) =>
    measured === undefined ? [] : [...markedRows(rows.map(measured))].map((row) => `${row}:${column}`),
  );
  return {
    title: `${table.testproblem}: ${(choice.metrics ?? [metric]).map(words).join(', ')} after ${table.conditions}${chosen}`,
    columns: kept.map(({ title, align, dropOrder, wraps }) => ({ title, align, dropOrder, wraps })),
    rows: rows.map((row) => kept.map(({ text }) => text(row) || '-')),
    marked: new Set(marked),
    marking: marked.length === 0 ? null : MARKING,
    counts: countLine(rows),
    notes: [...table.notes, ...targetNotes(table), ...powerNotes(table)],
    legend: [...new Set(kept.flatMap(({ meaning }) => meaning ?? []))],
  };
}

/** The columns with these names; where both are wanted, an interval stands beside its mean. */
function inOrder(all: readonly ColumnOfRows[], names: readonly ColumnName[]): ColumnOfRows[] {
  const paired = names.includes('mean') && names.includes('interval');
  return names.flatMap((wanted) => {
    if (paired && wanted === 'interval') return [];
    return all.filter(({ name }) => name === wanted || (paired && wanted === 'mean' && name === 'interval'));
  });
}

const left = { align: 'left', dropOrder: null, wraps: false } as const;
const right = (dropOrder: number | null) => ({ align: 'right', dropOrder, wraps: false }) as const;

function columnsOf(table: ComparisonTable, metrics: readonly Metric[]): ColumnOfRows[] {
  const { metric, reference, rows } = table;
  const accuracy = isAccuracy(metric);
  const formatOf = formats(rows.map(measuredBy(table, metric)), accuracy);
  const origins = rows.some(({ origin }) => origin !== 'results');
  return [
    { ...left, name: 'optimizer', title: 'optimizer', text: ({ name }) => name },
    { ...left, name: 'from', wraps: true, title: 'from', text: (row) => (origins ? fromOf(row) : '') },
    { ...left, name: 'setting', wraps: true, title: 'setting', text: settingOf },
    { ...right(null), name: 'runs', title: 'runs', text: runsOf },
    ...metrics.flatMap((own) => meanColumns(table, own, metrics.length > 1)),
    {
      ...right(30),
      name: 'best',
      title: 'best (epoch)',
      text: (row) => (row.best === null ? '' : `${formatOf(row.final)(row.best.value)} (${row.best.epoch})`),
    },
    ...(metrics.length === 1 && metrics[0] === metric ? furtherColumns(rows) : []).map(([own, numbers]) => ({
      ...right(25),
      name: 'mean' as const,
      title: words(own),
      text: ({ further }: ComparisonRow) => {
        const measured = further?.[own];
        return measured === undefined ? '' : withSpread(measured, numbers(measured));
      },
    })),
    {
      ...left,
      name: 'target',
      dropOrder: 60,
      title: 'to target',
      text: targetOf,
      meaning: 'to target: median over the runs; a missed target is shown as missed',
    },
    {
      ...right(10),
      name: 'speed',
      title: 'DeepOBS speed',
      text: ({ target }) => (target?.deepobsSpeed == null ? '' : shortNumber(target.deepobsSpeed)),
      meaning: 'DeepOBS speed: mean first epoch at the target; a run that missed it counts as its number of epochs + 1',
    },
    {
      ...right(20),
      name: 'wall',
      title: 'wall time',
      text: ({ relativeWall }) => (relativeWall === null ? '' : `${relativeWall.toFixed(2)}×`),
    },
    {
      ...right(40),
      name: 'cpu',
      title: 'CPU time',
      text: ({ relativeCpu }) => (relativeCpu === null ? '' : `${relativeCpu.toFixed(2)}×`),
      meaning:
        'time: training alone per epoch, relative to the reference on the same machine; probprec runtime measures it properly',
    },
    {
      ...left,
      name: 'difference',
      dropOrder: 80,
      wraps: true,
      title: `difference to ${reference ?? 'reference'}`,
      text: ({ difference }) => differenceOf(difference, accuracy),
      meaning: 'difference: mean over common seeds with its 95 % t interval',
    },
    {
      ...right(50),
      name: 'p',
      title: 'p',
      text: ({ difference }) => pOf(difference),
      meaning: 'p: exact sign-flip test of the paired differences, Holm-corrected over the table',
    },
  ];
}

/** What the rows' test problem reports besides, each number with as many decimals as its own error allows. */
function furtherColumns(rows: readonly ComparisonRow[]): [Metric, (of: Summary) => NumberFormat][] {
  const metrics = new Set(rows.flatMap(({ further = {} }) => Object.keys(further) as Metric[]));
  const formatOf = ({ mean, sampleStd, n }: Summary) =>
    numberFormat(mean, sampleStd === null ? null : sampleStd / Math.sqrt(n), false);
  return [...metrics].map((metric) => [metric, formatOf]);
}

/** Mean and interval of one metric; their titles have its name where there are several. */
function meanColumns(table: ComparisonTable, metric: Metric, several: boolean): ColumnOfRows[] {
  const measured = measuredBy(table, metric);
  const formatOf = formats(table.rows.map(measured), isAccuracy(metric));
  const titled = (text: string) => (several ? `${words(metric)}, ${text}` : text);
  return [
    {
      ...right(null),
      name: 'mean',
      title: titled('mean ± std'),
      measured,
      text: (row) => withSpread(measured(row), formatOf(measured(row))),
      meaning:
        'mean ± std: over the completed runs (seeds), std divided by n − 1; diverged, interrupted and failed runs are counted but not averaged',
    },
    {
      ...right(70),
      name: 'interval',
      title: titled('95 % interval'),
      text: (row) => {
        const { interval } = measured(row);
        return interval === null ? '' : range(interval, formatOf(measured(row)));
      },
      meaning:
        '95 % interval of the mean: bootstrap-t over seeds from 8 seeds on, Student’s t below and for published baselines',
    },
  ];
}

function words(name: string): string {
  return name.replace('_', ' ');
}

/** Accuracies are of one size: a table has one number of decimals for all, by its median standard error. */
function formats(
  measured: readonly Measured[],
  accuracy: boolean,
): (value: Pick<Measured, 'mean' | 'sampleStd' | 'n'>) => NumberFormat {
  const errorOf = ({ sampleStd, n }: Pick<Measured, 'sampleStd' | 'n'>) =>
    sampleStd === null ? null : sampleStd / Math.sqrt(n);
  const errors = measured
    .map(errorOf)
    .filter((error): error is number => error !== null && error > 0)
    .sort((low, high) => low - high);
  const median = errors[Math.floor((errors.length - 1) / 2)] ?? null;
  return (value) => numberFormat(value.mean, accuracy ? median : errorOf(value), accuracy);
}

function settingOf({ settingText, settingsTried, settingsPruned, notes }: ComparisonRow): string {
  const pruned = settingsPruned === undefined ? '' : `, ${settingsPruned} pruned`;
  const tried = settingsTried > 1 ? `best of ${settingsTried}${pruned}` : '';
  const parts = [settingText, tried === '' || settingText === '' ? tried : `(${tried})`].filter((part) => part !== '');
  return [parts.join(' '), ...notes].filter((part) => part !== '').join('; ');
}

function fromOf({ origin, mismatches }: ComparisonRow): string {
  return mismatches.length === 0 ? origin : `${origin} (≠)`;
}

function runsOf({ counts, final, seeds }: ComparisonRow): string {
  if (counts === null) return String(final.n);
  const others = OTHER_STATES.filter((state) => (counts[state] ?? 0) > 0);
  if (others.length === 0) return final.n === seeds.length ? String(final.n) : `${final.n} of ${seeds.length} finite`;
  return `${counts.completed} of ${seeds.length} (${others.map((state) => `${counts[state]} ${state}`).join(', ')})`;
}

function withSpread({ mean, sampleStd }: Pick<Measured, 'mean' | 'sampleStd'>, number: NumberFormat): string {
  if (mean === null) return '';
  return sampleStd === null ? number(mean) : `${number(mean)} ± ${number(sampleStd)}`;
}

function range({ low, high }: { low: number; high: number }, number: NumberFormat): string {
  return `[${number(low)}, ${number(high)}]`;
}

function targetOf({ target }: ComparisonRow): string {
  if (target === null) return '';
  const decided = target.reached + target.missed;
  const share = target.missed > 0 && target.reached > 0 ? ` (reached by ${target.reached} of ${decided})` : '';
  const unknown = target.unknown > 0 ? ` (${target.unknown} unknown)` : '';
  if (target.medianEpoch === null) return `${decided > 0 ? `missed${share}` : ''}${unknown}`.trim();
  const seconds = target.medianSeconds === null ? '' : `, ${shortNumber(target.medianSeconds)} s`;
  const epochs = `${target.medianEpoch} ${target.medianEpoch === 1 ? 'epoch' : 'epochs'}`;
  return `${epochs}${seconds}${share}${unknown}`;
}

function differenceOf(difference: ComparisonRow['difference'], accuracy: boolean): string {
  if (difference === null || difference.mean === null) return '';
  const { interval, mean } = difference;
  // The half width of a 95 % interval is about two standard errors.
  const error = interval === null ? null : (interval.high - interval.low) / 4;
  const number = signed(numberFormat(mean, error, accuracy));
  return `${number(mean)}${interval === null ? '' : ` ${range(interval, number)}`}`;
}

function pOf(difference: ComparisonRow['difference']): string {
  return difference === null || difference.holmP === null ? '' : formatP(difference.holmP);
}

function formatP(p: number): string {
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

function targetNotes({ rows }: ComparisonTable): string[] {
  const target = rows.find((row) => row.target !== null)?.target?.target;
  return target === undefined
    ? []
    : [`target: ${words(target.metric)} ${Number(target.value.toPrecision(6))} (${target.source})`];
}

/** With few seeds even the clearest difference has a large p. */
function powerNotes({ rows }: ComparisonTable): string[] {
  const weak = rows.flatMap(({ difference }) => {
    const least = difference?.smallestPossible ?? null;
    return difference !== null && least !== null && least > 0.05 ? [{ seeds: difference.seeds.length, least }] : [];
  });
  const [first] = weak.sort((left, right) => left.seeds - right.seeds);
  return first === undefined
    ? []
    : [
        `p: with ${first.seeds} common seeds it is ${first.least} at the least, before correction; below 0.05 takes 6 seeds`,
      ];
}
