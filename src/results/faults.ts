import type { z } from 'zod';
import { quotedName, shownLine } from '../shown-text.js';
import { expectedBy, pathText } from '../zod-expectation.js';
import type { JsonFault } from './parse-json.js';

/** The first fault that zod found (with reportInput), in the words: field, found, expected. */
export function describeFault(error: z.ZodError, version: number): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'not a run file';
  const path = pathText(issue) || '(whole file)';
  return shownLine(`field ${path}: ${foundAndExpected(issue, version)}`);
}

function foundAndExpected(issue: z.core.$ZodIssue, version: number): string {
  const found = foundOrMissing(issue.input);
  switch (issue.code) {
    case 'custom':
      // Some say what was found themselves: a length, what another field says.
      return issue.params?.whole === true ? issue.message : `${found}, expected ${issue.message}`;
    case 'unrecognized_keys':
      return `found the unknown key ${issue.keys.join(', ')}, expected only the keys of schema version ${version}`;
    case 'invalid_key':
      return `found the key ${abbreviated(issue.input)}, expected ${issue.issues[0]?.message ?? 'another one'}`;
    default:
      return `${found}, expected ${expectedBy(issue)}`;
  }
}

/** The start of a fault line about a value: `found 3`, or `missing` where the file has no such field. */
export function foundOrMissing(value: unknown): string {
  return value === undefined ? 'missing' : `found ${abbreviated(value)}`;
}

/** A value from a file in a fault line: short, and nothing in it that a terminal would act on. */
function abbreviated(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value) && value.length > 20) return `a list of ${value.length} entries`;
  if (typeof value === 'string') return quotedName(value.length > 57 ? `${value.slice(0, 54)}...` : value);
  const text = shownLine(JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Why a text is no JSON that we read: where the fault is, and whether the file was perhaps cut off. */
export function describeJsonFault(text: string, fault: JsonFault): string {
  const before = text.slice(0, fault.position);
  const line = before.split('\n').length;
  const column = fault.position - before.lastIndexOf('\n');
  const cutOff = fault.position >= text.length - 1 || /^its end|without closing/.test(fault.message);
  const guess = cutOff ? `, perhaps cut off (${text.length} characters)` : '';
  return shownLine(`not valid JSON${guess}: line ${line}, character ${column}: found ${fault.message}`);
}
