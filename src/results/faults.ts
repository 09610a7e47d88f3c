import type { z } from 'zod';

/** The first fault that zod found (with reportInput), in the words: field, found, expected. */
export function describeFault(error: z.ZodError, version: number): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'not a run file';
  const path = issue.path.map(String).join('.') || '(whole file)';
  if (issue.code === 'custom') return `field ${path}: ${issue.message}`;
  if (issue.code === 'unrecognized_keys') {
    return `field ${path}: found the unknown key ${issue.keys.join(', ')}, expected only the keys of schema version ${version}`;
  }
  const expected =
    'expected' in issue ? String(issue.expected) : 'values' in issue ? issue.values.join(' or ') : issue.message;
  return `field ${path}: found ${abbreviated(issue.input)}, expected ${expected}`;
}

function abbreviated(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
