import { type ComparisonRow, type ComparisonTable, rowLabel } from '../../analysis/index.js';
import { at } from '../../expect.js';
import { OTHER_STATES } from '../../results/index.js';
import { printable } from '../escape.js';

/** How the rows of one name look in every panel of a figure. */
export interface Series {
  readonly key: string;
  /** The name with n, and with what did not complete. */
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly shape: string;
}

/** Okabe and Ito's colours that colour-blind people tell apart, without yellow and black: both vanish on one of two grounds. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#7f7f7f'];
const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'cross',
  'triangle-right',
  'triangle-left',
];
/** Of own results: solid first, then such as no baseline has. */
const DASHES: readonly (readonly number[])[] = [[], [12, 2], [12, 2, 2, 2]];
/** Of baselines. */
const BASELINE_DASHES: readonly (readonly number[])[] = [
  [4, 3],
  [1, 2],
  [6, 2, 1, 2],
  [3, 1],
  [8, 4],
  [2, 4],
];

/** One series for each name, in the order of the tables; a name has the same look in every panel. */
export function seriesOf(tables: readonly ComparisonTable[], counted = true): Map<string, Series> {
  const rows = new Map<string, ComparisonRow[]>();
  for (const table of tables) {
    for (const row of table.rows) {
      const key = seriesKey(row, table);
      rows.set(key, [...(rows.get(key) ?? []), row]);
    }
  }
  const baselines = [...rows.values()].map(([row]) => row?.originKind === 'baseline');
  return new Map(
    [...rows].map(([key, own], index): [string, Series] => {
      const baseline = baselines[index] === true;
      const place = baselines.slice(0, index).filter(Boolean).length;
      return [
        key,
        {
          key,
          label: counted ? `${key} (${countText(own)})` : key,
          ...look(index),
          ...(baseline ? { dash: at(BASELINE_DASHES, place % BASELINE_DASHES.length) } : {}),
        },
      ];
    }),
  );
}

/** Colour, dashes and marker. */
export type Look = Pick<Series, 'colour' | 'dash' | 'shape'>;

/** Colour, dashes and marker of the series at this place. */
export function look(index: number): Look {
  const round = Math.floor(index / COLOURS.length);
  return {
    colour: COLOURS[index % COLOURS.length] ?? '#7f7f7f',
    dash: at(DASHES, round % DASHES.length),
    shape: SHAPES[(index + round) % SHAPES.length] ?? 'circle',
  };
}

/** The name of a row in figures: its label, and its setting where that tells rows of a table apart. */
export function seriesKey(row: ComparisonRow, { rows }: ComparisonTable): string {
  return printable(rowLabel(row, rows));
}

/** `n = 5`, `n = 3 to 5, 2 diverged`. */
export function countText(rows: readonly ComparisonRow[]): string {
  const numbers = rows.map(({ final }) => final.n);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const others = OTHER_STATES.flatMap((state) => {
    const sum = rows.reduce((total, { counts }) => total + (counts?.[state] ?? 0), 0);
    return sum === 0 ? [] : [`${sum} ${state}`];
  });
  return [`n = ${least === most ? least : `${least} to ${most}`}`, ...others].join(', ');
}
