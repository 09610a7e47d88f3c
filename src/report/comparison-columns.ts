import type { ComparisonRow, ComparisonTable, Summary } from '../analysis/index.js';
import { isAccuracy } from '../analysis/index.js';
import type { Metric } from '../results/index.js';
import type { Column } from './layout.js';
import { type NumberFormat, numberFormat, shortNumber, signed } from './numbers.js';

/** A comparison table as texts for people: columns in which no row has anything are left out. */
export interface TextTable {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Rows whose mean is the best of the table. */
  readonly best: ReadonlySet<number>;
  /** Position of the column with the mean. */
  readonly meanColumn: number;
  /** What a reader must know about this table. */
  readonly notes: readonly string[];
  /** What its columns mean. */
  readonly legend: readonly string[];
}

interface ColumnOfRows extends Column {
  readonly text: (row: ComparisonRow) => string;
  /** What the column means, for below the table. */
  readonly meaning?: string;
}

/** The columns of a comparison table as texts. */
export function comparisonColumns(table: ComparisonTable): TextTable {
  const { metric, rows } = table;
  const kept = columnsOf(table).filter(({ text }, index) => index === 0 || rows.some((row) => text(row) !== ''));
  const { selection } = table;
  const several = rows.some(({ settingsTried }) => settingsTried > 1);
  const chosen = several ? `; settings chosen by ${words(selection.metric)} (${selection.mode})` : '';
  return {
    title: `${table.testproblem}: ${words(metric)} after ${table.conditions}${chosen}`,
    columns: kept.map(({ title, align, dropOrder, wraps }) => ({ title, align, dropOrder, wraps })),
    rows: rows.map((row) => kept.map(({ text }) => text(row) || '-')),
    best: bestRows(table),
    meanColumn: kept.findIndex(({ title }) => title === MEAN),
    notes: [...table.notes, ...targetNotes(table), ...powerNotes(table)],
    legend: kept.flatMap(({ meaning }) => meaning ?? []),
  };
}

const MEAN = 'mean ± std';

function columnsOf({ metric, reference, rows }: ComparisonTable): ColumnOfRows[] {
  const accuracy = isAccuracy(metric);
  const formatOf = formats(rows, accuracy);
  const left = { align: 'left', dropOrder: null, wraps: false } as const;
  const right = (dropOrder: number | null) => ({ align: 'right', dropOrder, wraps: false }) as const;
  const origins = rows.some(({ origin }) => origin !== 'results');
  return [
    { ...left, title: 'optimizer', text: ({ name }) => name },
    { ...left, wraps: true, title: 'from', text: (row) => (origins ? fromOf(row) : '') },
    { ...left, wraps: true, title: 'setting', text: settingOf },
    { ...right(null), title: 'runs', text: runsOf },
    {
      ...right(null),
      title: MEAN,
      text: (row) => withSpread(row, formatOf(row)),
      meaning:
        'mean ± std: over the completed runs (seeds), std divided by n − 1; diverged, interrupted and failed runs are counted but not averaged',
    },
    {
      ...right(70),
      title: '95 % interval',
      text: (row) => (row.interval === null ? '' : range(row.interval, formatOf(row))),
      meaning:
        '95 % interval of the mean: bootstrap-t over seeds from 8 seeds on, Student’s t below and for published baselines',
    },
    {
      ...right(30),
      title: 'best (epoch)',
      text: (row) => (row.best === null ? '' : `${formatOf(row)(row.best.value)} (${row.best.epoch})`),
    },
    ...furtherColumns(rows).map(([metric, formatOf]) => ({
      ...right(25),
      title: words(metric),
      text: ({ further }: ComparisonRow) => {
        const own = further?.[metric];
        return own === undefined ? '' : spreadText(own, formatOf(own));
      },
    })),
    {
      ...left,
      dropOrder: 60,
      title: 'to target',
      text: targetOf,
      meaning: 'to target: median over the runs; a missed target is shown as missed',
    },
    {
      ...right(10),
      title: 'DeepOBS speed',
      text: ({ target }) => (target?.deepobsSpeed == null ? '' : shortNumber(target.deepobsSpeed)),
      meaning: 'DeepOBS speed: mean first epoch at the target; a run that missed it counts as its number of epochs + 1',
    },
    {
      ...right(20),
      title: 'wall time',
      text: ({ relativeWall }) => (relativeWall === null ? '' : `${relativeWall.toFixed(2)}×`),
    },
    {
      ...right(40),
      title: 'CPU time',
      text: ({ relativeCpu }) => (relativeCpu === null ? '' : `${relativeCpu.toFixed(2)}×`),
      meaning:
        'time: training alone per epoch, relative to the reference on the same machine; probprec runtime measures it properly',
    },
    {
      ...left,
      dropOrder: 80,
      wraps: true,
      title: `difference to ${reference ?? 'reference'}`,
      text: ({ difference }) => differenceOf(difference, accuracy),
      meaning: 'difference: mean over common seeds with its 95 % t interval',
    },
    {
      ...right(50),
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

function words(name: string): string {
  return name.replace('_', ' ');
}

/** Accuracies are of one size: a table has one number of decimals for all, by its median standard error. */
function formats(rows: readonly ComparisonRow[], accuracy: boolean): (row: ComparisonRow) => NumberFormat {
  const errorOf = ({ final: { sampleStd, n } }: ComparisonRow) =>
    sampleStd === null ? null : sampleStd / Math.sqrt(n);
  const errors = rows
    .map(errorOf)
    .filter((error): error is number => error !== null && error > 0)
    .sort((left, right) => left - right);
  const median = errors[Math.floor((errors.length - 1) / 2)] ?? null;
  return (row) => numberFormat(row.final.mean, accuracy ? median : errorOf(row), accuracy);
}

function settingOf({ settingText, settingsTried, notes }: ComparisonRow): string {
  const tried = settingsTried > 1 ? `best of ${settingsTried}` : '';
  const parts = [settingText, tried === '' || settingText === '' ? tried : `(${tried})`].filter((part) => part !== '');
  return [parts.join(' '), ...notes].filter((part) => part !== '').join('; ');
}

function fromOf({ origin, mismatches }: ComparisonRow): string {
  return mismatches.length === 0 ? origin : `${origin} (≠)`;
}

function runsOf({ counts, final, seeds }: ComparisonRow): string {
  if (counts === null) return String(final.n);
  const others = (['diverged', 'interrupted', 'failed'] as const).filter((state) => counts[state] > 0);
  if (others.length === 0) return final.n === seeds.length ? String(final.n) : `${final.n} of ${seeds.length} finite`;
  return `${counts.completed} of ${seeds.length} (${others.map((state) => `${counts[state]} ${state}`).join(', ')})`;
}

function withSpread({ final }: ComparisonRow, number: NumberFormat): string {
  return spreadText(final, number);
}

function spreadText({ mean, sampleStd }: Summary, number: NumberFormat): string {
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

function bestRows({ metric, rows }: ComparisonTable): Set<number> {
  const means = rows.map(({ final }) => final.mean);
  const known = means.filter((mean) => mean !== null);
  if (known.length < 2) return new Set();
  const best = isAccuracy(metric) ? Math.max(...known) : Math.min(...known);
  return new Set(means.flatMap((mean, index) => (mean === best ? [index] : [])));
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
