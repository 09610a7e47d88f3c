import type { ComparisonRow } from './comparison.js';
import type { Competitor } from './competitor.js';
import { holm } from './holm.js';
import { type PairedDifference, pairedDifference } from './paired.js';
import { sameStart } from './starts.js';

/** A competitor whose row lacks only what refers to another row. */
export interface NamedCompetitor extends Omit<Competitor, 'row'> {
  readonly row: Omit<ComparisonRow, 'difference' | 'relativeWall' | 'relativeCpu'>;
}

/** Rows with differences and times relative to the reference, its name, and what a reader must know about them. */
export function withDifferences(
  competitors: readonly NamedCompetitor[],
  wanted: string | undefined,
  comparable: boolean,
): { rows: ComparisonRow[]; reference: string | null; notes: string[] } {
  const reference = referenceOf(competitors, wanted);
  const notes: string[] = [];
  if (wanted !== undefined && reference === null) {
    notes.push(`no runs of the reference ${wanted} here: no differences and no relative times`);
  }
  const pairs = competitors.map((competitor) =>
    comparable && reference !== null && competitor !== reference && competitor.pairable
      ? pairsOf(competitor, reference)
      : null,
  );
  const differences = pairs.map((pair): PairedDifference | null =>
    pair === null || (pair.unlike.length > 0 && pair.own.size === 0) ? null : pairedDifference(pair.own, pair.others),
  );
  for (const [index, pair] of pairs.entries()) {
    if (pair === null || pair.unlike.length === 0) continue;
    const seeds = `${pair.unlike.length === 1 ? 'seed' : 'seeds'} ${pair.unlike.join(', ')}`;
    notes.push(
      `${competitors[index]?.row.name} and ${reference?.row.name} did not start at the same point with ${seeds} (their losses before training differ): no pairs`,
    );
  }
  const corrected = holm(differences.map((difference) => difference?.pValue ?? null));
  const rows = competitors.map(({ row, machine }, index): ComparisonRow => {
    const difference = differences[index] ?? null;
    // One name of a processor can stand for many machines: times of another origin are not set in relation.
    const related =
      reference !== null &&
      machine !== null &&
      machine === reference.machine &&
      row.originKind === reference.row.originKind;
    const ratio = (own: number | null, others: number | null) =>
      related && own !== null && others !== null && others > 0 ? own / others : null;
    return {
      ...row,
      difference: difference === null ? null : { ...difference, holmP: corrected[index] ?? null },
      relativeWall: ratio(row.wallSecondsPerEpoch, reference?.row.wallSecondsPerEpoch ?? null),
      relativeCpu: ratio(row.cpuSecondsPerEpoch, reference?.row.cpuSecondsPerEpoch ?? null),
    };
  });
  return {
    rows,
    reference: reference === null ? null : referenceName(reference, competitors),
    notes: [...notes, ...timeNotes(competitors, reference)],
  };
}

/** Final values by seed of the runs that started at the same point, and the common seeds whose runs did not. */
function pairsOf(competitor: NamedCompetitor, reference: NamedCompetitor) {
  const own = new Map<number, number>();
  const others = new Map<number, number>();
  const unlike: number[] = [];
  for (const [seed, mine] of competitor.finals) {
    const theirs = reference.finals.get(seed);
    if (theirs === undefined) continue;
    if (sameStart(mine.run, theirs.run)) {
      own.set(seed, mine.value);
      others.set(seed, theirs.value);
    } else unlike.push(seed);
  }
  return { own, others, unlike: unlike.sort((left, right) => left - right) };
}

/** The user's own runs serve first, then an own baseline under the same conditions. */
function referenceOf(competitors: readonly NamedCompetitor[], wanted: string | undefined): NamedCompetitor | null {
  const usable = competitors.filter(({ pairable }) => pairable);
  const own = usable.filter(({ row }) => row.originKind === 'results');
  const named = (label: string) =>
    [...own, ...usable].find(({ row }) => row.name === label || row.optimizer === label || row.origin === label);
  if (wanted !== undefined) return named(wanted) ?? null;
  return named('SGD') ?? own[0] ?? null;
}

/** The row's name, with origin or setting where another row has the same one. */
function referenceName({ row }: NamedCompetitor, competitors: readonly NamedCompetitor[]): string {
  const namesakes = competitors.filter(
    (other) => other.row.name === row.name && other.row.originKind === row.originKind,
  );
  if (namesakes.length < 2) return row.name;
  const origins = new Set(namesakes.map((other) => other.row.origin));
  return `${row.name} (${origins.size === namesakes.length ? row.origin : row.settingText || row.origin})`;
}

/** Which times are not set in relation, and why: times of other engines, devices, threads or processors mean nothing together. */
function timeNotes(competitors: readonly NamedCompetitor[], reference: NamedCompetitor | null): string[] {
  const timed = competitors.filter(({ row }) => row.originKind === 'results' && row.cpuSecondsPerEpoch !== null);
  if (reference === null || !timed.includes(reference)) return [];
  if (reference.machine === null) {
    return [`no relative times: the runs of ${reference.row.name} are of several machines, or of unknown ones`];
  }
  return timed.flatMap(({ row, machine }) => {
    if (machine === reference.machine) return [];
    const why =
      machine === null
        ? 'its runs are of several machines, or of unknown ones'
        : `it ran on ${machine}; ${reference.row.name} on ${reference.machine}`;
    return [`${row.name}: no relative times, ${why}`];
  });
}
