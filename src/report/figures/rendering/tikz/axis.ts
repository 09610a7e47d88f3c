import { latexLines } from '../../../escape.js';
import { type Channel, categories, type Layer, type Panel } from './panel.js';

/** An axis of a panel, as places of its data are found on it. */
export interface Axis {
  readonly which: 'x' | 'y';
  /** Names that stand at 1, 2, …; none on an axis of numbers. */
  readonly names: readonly string[];
  readonly log: boolean;
  /** Null leaves the ends to pgfplots. */
  readonly domain: readonly [number, number] | null;
  /** Length in units. */
  readonly length: number;
  readonly channel: Channel;
}

/** The axis `x` or `y` of a panel. */
export function axisOf({ layers, width, height }: Panel, which: 'x' | 'y'): Axis {
  const channel = layers.map(({ encoding }) => encoding[which]).find((own) => own?.field !== undefined) ?? {};
  const names = categories(layers, which);
  const [low, high] = channel.scale?.domain ?? [];
  const numbers = typeof low === 'number' && typeof high === 'number' ? ([low, high] as const) : null;
  return {
    which,
    names,
    log: channel.scale?.type === 'log',
    domain: names.length > 0 ? [0.5, names.length + 0.5] : numbers,
    length: which === 'x' ? width : height,
    channel,
  };
}

/** Where a row of a layer stands on an axis. */
export function placeOf(row: Layer['rows'][number], channel: Channel | undefined, axis: Axis): number {
  if (channel?.field === undefined) return fixedPlace(channel?.value, axis);
  const value = row[channel.field];
  if (axis.names.length > 0) return axis.names.indexOf(String(value)) + 1 || Number.NaN;
  return typeof value === 'number' ? value : Number.NaN;
}

/** The number at so many units from the left or, of a vertical axis, from the top. */
function fixedPlace(value: Channel['value'], { which, domain, length, log }: Axis): number {
  if (value === undefined || domain === null) return Number.NaN;
  const share = typeof value === 'number' ? value / length : 1;
  const [from, to] = which === 'x' ? domain : [domain[1], domain[0]];
  if (share === 1) return to;
  return log ? from * (to / from) ** share : from + (to - from) * share;
}

/** The lines of an axis' title. */
export function titleLines({ title }: Channel): readonly string[] {
  return typeof title === 'string' ? [title] : (title ?? []);
}

/** Keys of pgfplots for one axis, without the last comma. */
export function axisKeys(axis: Axis): string[] {
  const { which, names, log, domain, channel } = axis;
  const keys = [`${which}label={${latexLines(titleLines(channel))}}`];
  if (domain !== null) keys.push(`${which}min=${domain[0]}`, `${which}max=${domain[1]}`);
  if (log) keys.push(`${which}mode=log`);
  const ticks = ticksOf(axis);
  if (ticks !== null) {
    keys.push(`${which}tick={${ticks.map(({ at }) => at).join(',')}}`);
    keys.push(`${which}ticklabels={${ticks.map(({ text }) => `{${text}}`).join(',')}}`);
  }
  if (log) keys.push(`${which}minorticks=false`);
  if (names.length > 0) {
    keys.push(`${which}tick style={draw=none}`);
    keys.push(which === 'y' ? 'y dir=reverse, ymajorgrids=false, yticklabel style={align=right}' : 'xmajorgrids=false');
    if (which === 'x' && channel.axis?.orient === 'top')
      keys.push('xticklabel pos=upper, xticklabel style={align=center}');
    if (which === 'x' && (channel.axis?.labelAngle ?? 0) !== 0)
      keys.push('xticklabel style={rotate=45, anchor=east, inner sep=1pt}');
  }
  return keys;
}

function ticksOf({ names, domain, channel }: Axis): { readonly at: number; readonly text: string }[] | null {
  if (names.length > 0) return names.map((name, index) => ({ at: index + 1, text: lines(name) }));
  const { values, format = '', tickMinStep } = channel.axis ?? {};
  if (values !== undefined) return values.map((at) => ({ at, text: numberText(at, format) }));
  if (format.endsWith('%'))
    return [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => ({ at, text: `${Math.round(at * 100)}\\,\\%` }));
  if (tickMinStep === 1 && domain !== null && domain[1] - domain[0] <= 5) {
    const first = Math.ceil(domain[0]);
    return Array.from({ length: Math.floor(domain[1]) - first + 1 }, (_, index) => ({
      at: first + index,
      text: String(first + index),
    }));
  }
  return null;
}

/** A text of several lines; zero-width spaces only keep equal names apart. */
export function lines(text: string): string {
  return latexLines(text.replaceAll('\u200b', '').split('\n'));
}

function numberText(value: number, format: string): string {
  if (!format.endsWith('e')) return `$${value}$`;
  const [mantissa, exponent] = value.toExponential().split('e');
  return `$${mantissa === '1' ? '' : `${mantissa}\\cdot `}10^{${Number(exponent)}}$`;
}
