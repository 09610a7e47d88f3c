import { decimalNumber } from '../decimal-number.js';
import { ConfigurationError } from '../errors.js';
import { at } from '../expect.js';
import { notKnown } from '../names.js';
import { logarithmOfTen, powerOfTen } from './exact-powers.js';

/** A value of a hyperparameter as a plan states it. */
export type PlanValue = number | boolean | string;

/** The values of one hyperparameter: all of a grid, or those of points that a sampler places in [0, 1). */
export type Space =
  | { readonly kind: 'grid'; readonly values: readonly PlanValue[] }
  | { readonly kind: 'sampled'; readonly at: (u: number) => PlanValue };

/** More points than this are a mistake, not a grid. */
const MOST_POINTS = 100_000;

/** The grid of the DeepOBS baselines: NumPy's logspace(-5, 2, 20), to the last bit. */
function deepobsGrid(): number[] {
  return logGrid(1e-5, 1e2, 20);
}

/**
 * Reads what a plan states for a hyperparameter: a list is its values as they are; a text may be a space as
 * docs/sweeps.md lists them (`log:1e-5:1e2:20`), values with commas between them, or one value. Throws
 * ConfigurationError, one line without the place.
 */
export function readSpace(stated: PlanValue | readonly PlanValue[]): Space {
  if (typeof stated === 'object') {
    if (stated.length === 0) throw new ConfigurationError({ found: 'an empty list', expected: 'at least one value' });
    return { kind: 'grid', values: stated };
  }
  if (typeof stated !== 'string') return { kind: 'grid', values: [stated] };
  if (stated === 'deepobs') return { kind: 'grid', values: deepobsGrid() };
  const form = /^([a-z]+):(.*)$/s.exec(stated);
  if (form !== null) return readForm(stated, form[1] ?? '', form[2] ?? '');
  return { kind: 'grid', values: stated.split(',').map((text) => readValue(text.trim())) };
}

/** A value as it stands in a text: a number, true, false or a word. */
export function readValue(text: string): PlanValue {
  if (text === '')
    throw new ConfigurationError({ found: 'an empty value', expected: 'a number, true, false or a word' });
  if (text === 'true' || text === 'false') return text === 'true';
  const number = decimalNumber(text);
  return Number.isNaN(number) ? text : number;
}

/** A value as a plan has to state it: in a list where the text alone would be a space or several values. */
export function statedValue(value: PlanValue): PlanValue | [PlanValue] {
  const ambiguous = typeof value === 'string' && (/^[a-z]+:|,|^deepobs$/.test(value) || readValue(value) !== value);
  return ambiguous ? [value] : value;
}

function readForm(stated: string, name: string, rest: string): Space {
  const wrong = (why: string) => new ConfigurationError({ found: JSON.stringify(stated), expected: why });
  const numbers = (form: string, count: number): [number, number, number] => {
    const values = rest.split(':').map(decimalNumber);
    const [low = Number.NaN, high = Number.NaN, points = 2] = values;
    if (values.length !== count || !values.every(Number.isFinite)) throw wrong(`${form} with finite numbers`);
    if (low >= high) throw wrong(`${form} with LOW < HIGH`);
    if (/^log/.test(form) && low <= 0) throw wrong(`${form} with LOW > 0`);
    if (!Number.isInteger(points) || points < 2 || points > MOST_POINTS) {
      throw wrong(`${form} with N from 2 to ${MOST_POINTS}`);
    }
    return [low, high, points];
  };
  switch (name) {
    case 'log':
      return { kind: 'grid', values: logGrid(...numbers('log:LOW:HIGH:N', 3)) };
    case 'lin':
      return { kind: 'grid', values: linearGrid(...numbers('lin:LOW:HIGH:N', 3)) };
    case 'uniform': {
      const [low, high] = numbers('uniform:LOW:HIGH', 2);
      return { kind: 'sampled', at: (u) => within(low, low + (high - low) * u, high) };
    }
    case 'loguniform': {
      const [low, high] = numbers('loguniform:LOW:HIGH', 2);
      const [from, to] = [logarithmOfTen(low), logarithmOfTen(high)];
      return { kind: 'sampled', at: (u) => within(low, powerOfTen(from + (to - from) * u), high) };
    }
    case 'integers': {
      const [low, high] = numbers('integers:LOW:HIGH', 2);
      if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
        throw wrong('integers:LOW:HIGH with whole numbers');
      }
      return { kind: 'sampled', at: (u) => low + Math.floor(u * (high - low + 1)) };
    }
    case 'choice': {
      const values = rest.split(',').map((text) => readValue(text.trim()));
      return { kind: 'sampled', at: (u) => at(values, Math.floor(u * values.length)) };
    }
    default:
      throw new ConfigurationError({
        subject: name,
        what: notKnown(name, ['log', 'lin', 'uniform', 'loguniform', 'integers', 'choice']),
        remedy: 'a text with a colon that is meant as it is goes into a list',
      });
  }
}

/** NumPy's logspace(log10(low), log10(high), n), with exactly the given ends. */
function logGrid(low: number, high: number, n: number): number[] {
  const exponents = linearGrid(logarithmOfTen(low), logarithmOfTen(high), n);
  return exponents.map((exponent, k) => (k === 0 ? low : k === n - 1 ? high : powerOfTen(exponent)));
}

/** NumPy's linspace(low, high, n), in its order of operations. */
function linearGrid(low: number, high: number, n: number): number[] {
  const step = (high - low) / (n - 1);
  return Array.from({ length: n }, (_, k) => (k === n - 1 ? high : k * step + low));
}

/** Few digits, so that a sampled value can be read and typed, or many in a narrow range; never outside the bounds. */
function within(low: number, value: number, high: number): number {
  const narrow = high - low < 0.01 * Math.max(Math.abs(low), Math.abs(high));
  return Math.min(high, Math.max(low, Number(value.toPrecision(narrow ? 12 : 6))));
}
