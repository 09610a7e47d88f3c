import { isAccuracy, type Quantities } from '../../analysis/index.js';
import { at } from '../../expect.js';
import { metricsOf, type RecordedRun } from '../../results/index.js';
import { LATER_KEYS } from '../../run-options/index.js';
import { printable } from '../escape.js';
import { layoutTable, wrapText } from '../layout.js';
import { rangeOf, sparkline } from './sparkline.js';

/** How lines are laid out: columns of the terminal, and what marks a heading. */
export interface TextStyle {
  readonly width: number;
  readonly heading: (text: string) => string;
}

/** Quantities that are listed; a log of all layers has hundreds. */
const MOST_QUANTITIES = 40;
const LONGEST_LINE = 60;

/** One run as lines for a terminal: settings, status, curves, and what the optimizer reported. */
export function runText(run: RecordedRun, { points, events }: Quantities, style: TextStyle): string[] {
  const { testproblem, optimizer, seed, conditions } = run;
  const about = (label: string, text: string | null) =>
    text === null || text === '' ? [] : wrapText(`${label}: ${printable(text)}`, style.width, '', '  ');
  const machine = [conditions.engine, conditions.machine].filter((part) => part !== null).join(', ');
  return [
    style.heading(printable(`${testproblem} with ${optimizer}, seed ${seed}`)),
    ...about('status', statusText(run)),
    ...about('tags', (run.tags ?? []).join(', ')),
    ...about('note', run.note ?? null),
    ...about('hyperparameters', valuesText(run.hyperparameters)),
    ...about('training', trainingText(run)),
    ...about('data', dataText(run)),
    ...about('engine', machine),
    ...about('time', timeText(run)),
    // In one piece, to be copied.
    `file: ${printable(run.file)}`,
    '',
    ...curveTable(run, style),
    ...quantityTable(points, style),
    ...eventLines(events, style),
  ];
}

function statusText({ status: { state, epoch, step, reason }, numEpochs }: RecordedRun): string {
  const where = `${epoch} of ${numEpochs} epochs`;
  return `${state}, ${where}${step === null ? '' : ` and ${step} steps`}${reason === null ? '' : `: ${reason}`}`;
}

function valuesText(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

function trainingText({ batchSize, l2InForce, trainingParameters, stepsPerEpoch }: RecordedRun): string {
  const further = valuesText(trainingParameters);
  const parts = [
    `batch size ${batchSize}`,
    ...(stepsPerEpoch === undefined ? [] : [`${stepsPerEpoch} steps in an epoch`]),
    ...(l2InForce === 'default' || l2InForce === 0 ? [] : [`L2 factor ${l2InForce}`]),
    ...(further === '' ? [] : [further]),
  ];
  return parts.join(', ');
}

function dataText({ conditions }: RecordedRun): string {
  const { dataSource, syntheticSize, dataChecksum, protocol, protocolVersion } = conditions;
  const parts = [
    `${dataSource}${syntheticSize === null ? '' : ` (${syntheticSize} images)`}`,
    ...(dataChecksum === null || dataSource !== 'real' ? [] : ['not the published files']),
    ...LATER_KEYS.flatMap((key) => (conditions[key] === undefined ? [] : [`${key} ${conditions[key]}`])),
    `protocol ${protocol}${protocolVersion === null ? '' : ` ${protocolVersion}`}`,
  ];
  return parts.join(', ');
}

function timeText({ timing, startedAt, undisturbed }: RecordedRun): string {
  if (timing === null) return startedAt;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const disturbed = undisturbed === false ? ', while others used the machine' : '';
  return `${sum(timing.wallSeconds).toPrecision(3)} s of training (CPU ${sum(timing.cpuSeconds).toPrecision(3)} s)${disturbed}, started ${startedAt}`;
}

/** A row for each curve that was measured. */
function curveTable({ curves }: RecordedRun, style: TextStyle): string[] {
  const rows = metricsOf(curves).flatMap((metric) => {
    const values = curves[metric];
    if (values == null || values.length === 0) return [];
    return [{ name: metric.replace('_', ' '), values, best: bestOf(values, isAccuracy(metric)) }];
  });
  if (rows.length === 0) return ['no value was measured', ''];
  return tableOf(
    'metric',
    rows.map(({ name, values, best }) => ({
      cells: [name, shown(values[0]), best === null ? '-' : `${shown(values[best])} (${best})`, shown(values.at(-1))],
      values,
    })),
    ['start', 'best (epoch)', 'last', 'over epochs'],
    style,
  );
}

function bestOf(values: readonly (number | null)[], largest: boolean): number | null {
  let best: number | null = null;
  for (const [epoch, value] of values.entries()) {
    if (value === null) continue;
    const before = best === null ? null : (values[best] ?? null);
    if (before === null || (largest ? value > before : value < before)) best = epoch;
  }
  return best;
}

function quantityTable(points: Quantities['points'], style: TextStyle): string[] {
  const series = new Map<string, (number | null)[]>();
  for (const { quantity, where, value } of points) {
    const name = where === '' ? quantity : `${quantity} (${where})`;
    const values = series.get(name);
    if (values === undefined) series.set(name, [value]);
    else values.push(value);
  }
  if (series.size === 0) return [];
  const rows = [...series].slice(0, MOST_QUANTITIES).map(([name, values]) => {
    const range = rangeOf(values);
    return { cells: [name, shown(values[0]), shown(range?.low), shown(range?.high), shown(values.at(-1))], values };
  });
  const more = series.size - rows.length;
  const lines = tableOf('quantity', rows, ['first', 'least', 'largest', 'last', 'over the run'], style);
  return more > 0 ? [...lines.slice(0, -1), `and ${more} more (probprec export csv has all)`, ''] : lines;
}

function eventLines(events: Quantities['events'], { width }: TextStyle): string[] {
  const counts = new Map<string, number>();
  for (const { event, reason } of events) {
    const text = printable(reason === '' ? event : `${event} (${reason})`);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].flatMap(([text, count]) => wrapText(`${count} × ${text}`, width, '', '  '));
}

/** A table whose last column is a sparkline as wide as there is room. */
function tableOf(
  name: string,
  rows: readonly { readonly cells: readonly string[]; readonly values: readonly (number | null)[] }[],
  titles: readonly string[],
  { width, heading }: TextStyle,
): string[] {
  const texts = rows.map(({ cells }) => cells.map(printable));
  const heads = [name, ...titles];
  const used = texts[0]?.map((_, column) =>
    Math.max([...(heads[column] ?? '')].length, ...texts.map((cells) => [...(cells[column] ?? '')].length)),
  );
  const room = Math.max(8, Math.min(LONGEST_LINE, width - (used ?? []).reduce((sum, cells) => sum + cells + 2, 0)));
  const columns = heads.map((title, column) => ({
    title,
    align: column === 0 || column === heads.length - 1 ? ('left' as const) : ('right' as const),
    dropOrder: column === 0 || column >= heads.length - 2 ? null : column,
    wraps: false,
  }));
  const { header, lines } = layoutTable(
    columns,
    rows.map(({ values }, index) => [...at(texts, index), sparkline(values, room, rangeOf(values))]),
    width,
  );
  return [heading(header), ...lines, ''];
}

function shown(value: number | null | undefined): string {
  if (value === null) return 'not finite';
  return value === undefined ? '-' : String(Number(value.toPrecision(4)));
}
