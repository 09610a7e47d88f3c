import type { ComparisonRow, ComparisonTable } from '../analysis/index.js';
import { isAccuracy } from '../analysis/index.js';

/** A comparison table as texts for people: columns in which no row has anything are left out. */
export interface TextTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** What the columns mean, for below the tables. */
export const LEGEND = [
  'mean ± std: over the completed runs (seeds), std divided by n − 1; runs that diverged, were interrupted or failed are counted only',
  '95 % interval of the mean: bootstrap-t over seeds from 8 seeds on, Student’s t below and for published baselines',
  'to target: median over the runs; a missed target stays missed and is never a number',
  'time: training alone per epoch, relative to the reference on the same machine; probprec runtime measures it properly',
  'difference: mean over common seeds with its 95 % t interval; p: exact sign-flip test, Holm-corrected over the table',
] as const;

/** The columns of a comparison table as texts. */
export function comparisonColumns(table: ComparisonTable): TextTable {
  const { metric, reference, rows } = table;
  const number = (value: number) => formatValue(value, isAccuracy(metric));
  const columns: [string, (row: ComparisonRow) => string][] = [
    ['optimizer', (row) => row.optimizer],
    ['from', (row) => (rows.every(({ origin }) => origin === 'results') ? '' : fromOf(row))],
    ['setting', settingOf],
    ['runs', runsOf],
    ['mean ± std', ({ final: { mean, sampleStd } }) => withSpread(mean, sampleStd, number)],
    ['95 % interval', ({ interval }) => (interval === null ? '' : range(interval, number))],
    ['best (epoch)', ({ best }) => (best === null ? '' : `${number(best.value)} (${best.epoch})`)],
    ['to target', targetOf],
    ['wall time', ({ relativeWall }) => (relativeWall === null ? '' : `${relativeWall.toFixed(2)}×`)],
    ['CPU time', ({ relativeCpu }) => (relativeCpu === null ? '' : `${relativeCpu.toFixed(2)}×`)],
    [`difference to ${reference ?? 'reference'}`, ({ difference }) => differenceOf(difference, isAccuracy(metric))],
    ['p', ({ difference }) => pOf(difference)],
  ];
  const kept = columns.filter(([, text], index) => index === 0 || rows.some((row) => text(row) !== ''));
  const { selection } = table;
  const several = rows.some(({ settingsTried }) => settingsTried > 1);
  const chosen = several ? `; settings chosen by ${selection.metric} (${selection.mode})` : '';
  return {
    title: `${table.testproblem}: ${metric.replace('_', ' ')} after ${table.conditions}${chosen}`,
    header: kept.map(([name]) => name),
    rows: rows.map((row) => kept.map(([, text]) => text(row) || '-')),
    notes: [...table.notes, ...targetNotes(table), ...powerNotes(table)],
  };
}

/** Four decimals for accuracies, four significant digits for losses. */
export function formatValue(value: number, accuracy: boolean): string {
  return accuracy ? value.toFixed(4) : value.toPrecision(4);
}

/** `lr 0.1129, momentum 0.9`. */
function settingOf({ hyperparameters, trainingParameters, settingsTried, notes }: ComparisonRow): string {
  const values = Object.entries({ ...hyperparameters, ...trainingParameters }).map(([name, value]) => {
    const text = typeof value === 'number' ? String(Number(value.toPrecision(4))) : JSON.stringify(value);
    return `${name} ${text.replaceAll('"', '')}`;
  });
  const tried = settingsTried > 1 ? ` (best of ${settingsTried})` : '';
  return `${values.join(', ')}${tried}${notes.map((note) => `; ${note}`).join('')}`;
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

function withSpread(mean: number | null, spread: number | null, number: (value: number) => string): string {
  if (mean === null) return '';
  return spread === null ? number(mean) : `${number(mean)} ± ${number(spread)}`;
}

function range({ low, high }: { low: number; high: number }, number: (value: number) => string): string {
  return `[${number(low)}, ${number(high)}]`;
}

function targetOf({ target }: ComparisonRow): string {
  if (target === null) return '';
  const decided = target.reached + target.missed;
  const share = target.missed > 0 && target.reached > 0 ? ` (reached by ${target.reached} of ${decided})` : '';
  const unknown = target.unknown > 0 ? ` (${target.unknown} unknown)` : '';
  if (target.medianEpoch === null) return `${decided > 0 ? `missed${share}` : ''}${unknown}`.trim();
  const seconds = target.medianSeconds === null ? '' : `, ${Number(target.medianSeconds.toPrecision(3))} s`;
  return `${target.medianEpoch} epochs${seconds}${share}${unknown}`;
}

function differenceOf(difference: ComparisonRow['difference'], accuracy: boolean): string {
  if (difference === null || difference.mean === null) return '';
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${formatValue(Math.abs(value), accuracy)}`;
  const { interval } = difference;
  return `${signed(difference.mean)}${interval === null ? '' : ` ${range(interval, signed)}`}`;
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
    : [`target: ${target.metric.replace('_', ' ')} ${Number(target.value.toPrecision(6))} (${target.source})`];
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
