import type { z } from 'zod';

/** Names of types where those of JSON are not what the reader calls them. */
export type TypeNames = Readonly<Record<string, string>>;

const NAMES: TypeNames = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/**
 * What zod expected where it found something else, in words that follow `expected`: `a whole number ≥ 1`, `one of a, b`. `whole`
 * says of a number that it is a whole one, which zod does not say when it is out of range.
 */
export function expectedBy(
  issue: z.core.$ZodIssue | undefined,
  { whole = false, names = {} }: { readonly whole?: boolean; readonly names?: TypeNames } = {},
): string {
  const number = whole ? 'a whole number' : 'a number';
  switch (issue?.code) {
    case 'invalid_type':
      if (whole && (issue.expected === 'number' || issue.expected === 'int')) return number;
      return names[issue.expected] ?? NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'array') return `at least ${issue.minimum === 1 ? 'one entry' : `${issue.minimum} entries`}`;
      if (issue.origin === 'string') return `at least ${issue.minimum} characters`;
      return `${number} ${issue.inclusive ? '≥' : '>'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `at most ${issue.maximum} entries`;
      if (issue.origin === 'string') return `at most ${issue.maximum} characters`;
      return `${number} ${issue.inclusive ? '≤' : '<'} ${issue.maximum}`;
    case 'unrecognized_keys':
      return `nothing called ${issue.keys.join(', ')}`;
    default:
      return issue?.message ?? 'another value';
  }
}

/** Where a fault lies: `runs.0.seed`; empty for the whole value. */
export function pathText(issue: z.core.$ZodIssue | undefined): string {
  return issue?.path.map(String).join('.') ?? '';
}
