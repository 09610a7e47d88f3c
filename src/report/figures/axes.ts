import { isAccuracy } from '../../analysis/index.js';
import type { Metric } from '../../results/index.js';

/** An axis of numbers: linear or logarithmic, with a domain that holds all of them. */
export interface NumberAxis {
  readonly scale: {
    readonly type: 'linear' | 'log';
    readonly domain: readonly [number, number];
    readonly nice: false;
    readonly zero?: false;
  };
  /** Ticks of a logarithmic axis; those of a linear one are left to the library. */
  readonly axis: { readonly values?: readonly number[]; readonly format?: string };
  /** The value, or the edge of the axis where it cannot show the value. */
  readonly shown: (value: number) => number;
}

/** What an axis is made for, besides the values. */
interface AxisWishes {
  /** Ends of intervals: they widen a linear axis; on a logarithmic one those that are not positive end at the axis. */
  readonly ends?: readonly number[];
  readonly scale?: 'auto' | 'log' | 'linear';
  /** Outside of these nothing can be: an interval that goes beyond is cut at the axis. */
  readonly limits?: readonly [number, number] | null;
}

/** Where the largest is so many times the smallest, an axis of positive numbers is logarithmic. */
const LOGARITHMIC_FROM = 30;

/** An axis ends here at the latest: beyond, the margins and the length of the axis are no numbers any more. */
const LARGEST = 1e300;
const SMALLEST = 1 / LARGEST;

/** The axis for these values. */
export function numberAxis(
  values: readonly number[],
  { ends = [], scale = 'auto', limits = null }: AxisWishes = {},
): NumberAxis {
  const own = values.filter(Number.isFinite).map(bounded);
  const possible = own.length > 0 && own.every((value) => value > 0);
  const wide = possible && limits === null && Math.max(...own) / Math.min(...own) >= LOGARITHMIC_FROM;
  const cut = (value: number) => (limits === null ? value : Math.min(limits[1], Math.max(limits[0], value)));
  const all = [...own, ...ends.filter(Number.isFinite).map(bounded).map(cut)];
  if (possible && (scale === 'log' || (scale === 'auto' && wide))) return logarithmic(own, all);
  if (all.length === 0)
    // No number is known, so none stands at the axis.
    return { scale: { type: 'linear', domain: [0, 1], nice: false }, axis: { values: [] }, shown: (value) => value };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = (high - low) * 0.04 || Math.abs(high) * 0.05 || 0.5;
  const domain = [low - margin, high + margin] as const;
  return {
    scale: { type: 'linear', domain, nice: false, zero: false },
    axis: {},
    shown: (value) => Math.min(domain[1], Math.max(domain[0], value)),
  };
}

function bounded(value: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

function logarithmic(own: readonly number[], all: readonly number[]): NumberAxis {
  // An interval that almost reaches zero would stretch the axis over decades without data.
  const low = Math.max(SMALLEST, Math.min(...own) / 10, Math.min(...all.filter((value) => value > 0)));
  const high = Math.max(low, ...all);
  const margin = Math.max(1.02, Math.min(high / low, Number.MAX_VALUE) ** 0.04);
  const domain = [Math.max(SMALLEST / 2, low / margin), Math.min(LARGEST * 2, high * margin)] as const;
  return {
    scale: { type: 'log', domain, nice: false },
    axis: { values: logTicks(domain), format: domain[1] >= 1e5 || domain[0] < 1e-4 ? '.0e' : '~g' },
    shown: (value) => Math.max(value, domain[0]),
  };
}

/** Powers of ten, every second, third … of them over many decades; with 2 and 5 over few, and more between where these are two. */
function logTicks([low, high]: readonly [number, number]): number[] {
  const ticks = ticksBetween([low, high], [1, 2, 5]);
  return ticks.length < 3 ? ticksBetween([low, high], [1, 1.5, 2, 3, 4, 6, 8]) : ticks;
}

function ticksBetween([low, high]: readonly [number, number], few: readonly number[]): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const factors = last - first <= 2 ? few : [1];
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    if (exponent % every !== 0) continue;
    for (const factor of factors) ticks.push(Number(`${factor}e${exponent}`));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** Accuracies lie between 0 and 1; losses have no limits that are known here. */
export function limitsOf(metric: Metric): readonly [number, number] | null {
  return isAccuracy(metric) ? [0, 1] : null;
}

/** The metric as the title of an axis. */
export function metricTitle(metric: Metric): string {
  return metric
    .replace('_', ' ')
    .replace('accuracies', 'accuracy')
    .replace('losses', 'loss')
    .replace('valid', 'validation');
}

/** The edge of a panel at which a run without a number stands: the side of bad values. */
export function badEdge(metric: Metric): { readonly y: { readonly value: number | 'height' } } {
  return { y: { value: isAccuracy(metric) ? 'height' : 0 } };
}
