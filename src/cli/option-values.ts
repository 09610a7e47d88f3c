import { type Condition, parseCondition } from '../condition.js';
import { decimalNumber } from '../decimal-number.js';
import { didYouMean } from '../names.js';
import { METRICS, type Metric } from '../results/metrics.js';
import { UsageError } from './failure.js';

/** A parser for an option that takes a whole number of at least `least`. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = decimalNumber(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new UsageError({
        subject: option,
        found: quoted(text),
        expected: `a whole number of at least ${least}`,
      });
    }
    return value;
  };
}

/** A parser for an option that takes a finite number of at least zero. */
export function nonNegativeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = decimalNumber(text);
    if (!Number.isFinite(value) || value < 0) {
      throw new UsageError({ subject: option, found: quoted(text), expected: 'a number of at least 0' });
    }
    return value;
  };
}

/** A parser for an option that takes the address of a web server. */
export function webAddress(option: string): (text: string) => string {
  return (text) => {
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      throw new UsageError({
        subject: option,
        found: quoted(text),
        expected: 'an address that begins with https:// or http://',
      });
    }
    return text;
  };
}

/** A parser for an option that takes values separated by commas, and may be repeated; `parse` checks each. */
export function commaSeparated<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, ...text.split(',').map((part) => parse(part.trim()))];
}

/** A parser for an option that takes names separated by commas or blanks, and may be repeated. Throws UsageError. */
export function nameList(option: string): (text: string, before?: readonly string[]) => string[] {
  return commaSeparated((name) => {
    if (name !== '') return name;
    throw new UsageError({ subject: option, found: 'an empty name', expected: 'names separated by commas' });
  });
}

/** A parser for an option that may be repeated: the texts in their order. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Reads `lr=0.1` or `optimizer=sgd,adam`. Throws UsageError. */
export function readCondition(option: string, text: string): Condition {
  const condition = parseCondition(text);
  if (condition !== null) return condition;
  throw new UsageError({ subject: option, found: quoted(text), expected: 'name=value, for example lr=0.1' });
}

/** A parser for an option that takes one of a few words, which completion offers. */
export function oneOf<T extends string>(
  option: string,
  words: readonly T[],
): ((text: string) => T) & { readonly words: readonly T[] } {
  const parse = (text: string) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) {
      throw new UsageError({
        subject: option,
        found: quoted(text),
        expected: `one of ${words.join(', ')}${didYouMean(text, words)}`,
      });
    }
    return word;
  };
  return Object.assign(parse, { words });
}

/**
 * A parser for a metric: a usual one, or what a test problem reports besides, such as `test_reconstruction`; whether some run has
 * it is known later.
 */
export function metricName(option: string): (text: string) => Metric {
  return (text) => {
    const known = METRICS.find((metric) => metric === text);
    if (known !== undefined) return known;
    const meant = didYouMean(text, METRICS);
    if (meant === '' && /^(train|valid|test)_./.test(text)) return text as Metric;
    throw new UsageError({
      subject: option,
      found: quoted(text),
      expected: `one of ${METRICS.join(', ')}, or another metric that a test problem reports, such as test_reconstruction${meant}`,
    });
  };
}

/** What was typed, in quotes and not too long for a line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
