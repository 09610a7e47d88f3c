import type { JsonValue } from '../canonical-json.js';
import { parseJson } from '../parse-json.js';
import { pythonFloat } from '../python-format.js';

/**
 * Which values in the text of an object are written as Python writes an int (`2`, not `2.0`): the names of members, and
 * `name/0` for an entry of a list.
 */
export function integersIn(text: string): string[] {
  const marked = parseJson(text, (literal) => (/^-?\d+$/.test(literal) ? INTEGER : FLOAT));
  const found: string[] = [];
  const visit = (value: JsonValue, path: string) => {
    if (value === INTEGER) found.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, entry] of Object.entries(value)) visit(entry, path === '' ? name : `${path}/${name}`);
  };
  visit(marked.value, '');
  return found;
}

/** Marks of the two kinds of number; every other number that can stand there is a bare NaN or Infinity. */
const INTEGER = 1;
const FLOAT = 0;

/** A value to be written as Python's json.dump would: floats, ints and the tokens of non-finite numbers apart. */
export type PythonValue =
  | { readonly float: number }
  | { readonly int: number }
  | string
  | boolean
  | null
  | readonly PythonValue[]
  | { readonly members: readonly (readonly [string, PythonValue])[] };

/**
 * json.dump(value, indent=…) without a newline at the end: DeepOBS writes an indent of four, its version 1.1 none (null).
 * `level` is how deep the value lies.
 */
export function pythonJson(value: PythonValue, indent: number | null = 4, level = 0): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return asciiString(value);
  if ('float' in value) return floatToken(value.float);
  if ('int' in value) return String(value.int);
  const inner = (entry: PythonValue) => pythonJson(entry, indent, level + 1);
  if ('members' in value) {
    return enclosed(
      '{',
      value.members.map(([key, entry]) => `${asciiString(key)}: ${inner(entry)}`),
      '}',
      indent,
      level,
    );
  }
  return enclosed('[', value.map(inner), ']', indent, level);
}

/** The texts of the members between brackets, on lines of their own unless the indent is null. */
export function enclosed(
  open: string,
  members: readonly string[],
  close: string,
  indent: number | null,
  level: number,
): string {
  if (members.length === 0 || indent === null) return `${open}${members.join(', ')}${close}`;
  const line = (depth: number) => `\n${' '.repeat(indent * depth)}`;
  return `${open}${line(level + 1)}${members.join(`,${line(level + 1)}`)}${line(level)}${close}`;
}

/** A float as Python's json writes it, tokens included. */
export function floatToken(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** A text as Python's json writes it: everything beyond ASCII is escaped. */
export function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
