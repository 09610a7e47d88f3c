import type { JsonValue } from '../canonical-json.js';
import { pythonFloat } from '../python-format.js';

const STRING_OR_TOKEN = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Reads JSON as Python writes it: bare NaN, Infinity and -Infinity, which are no JSON, become null. Throws SyntaxError
 * for everything else that is no JSON.
 */
export function parsePythonJson(text: string): JsonValue {
  return JSON.parse(text.replace(STRING_OR_TOKEN, (found) => (found.startsWith('"') ? found : 'null')));
}

/** Names of the members of the object `key` whose values are written as Python writes an int: `2`, not `2.0`. */
export function integersIn(text: string, key: string): string[] {
  const [, members = ''] = new RegExp(`"${key}"\\s*:\\s*\\{([^{}]*)\\}`).exec(text) ?? [];
  return [...members.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*-?\d+\s*(?=,|$)/g)].map((match) => match[1] ?? '');
}

/** A value to be written as Python's json.dump would: floats, ints and the tokens of non-finite numbers apart. */
export type PythonValue =
  | { readonly float: number }
  | { readonly int: number }
  | string
  | boolean
  | null
  | readonly PythonValue[]
  | { readonly members: readonly (readonly [string, PythonValue])[] };

/** json.dump(value, indent=4) without a newline at the end: what DeepOBS writes. */
export function pythonJson(value: PythonValue, indent = ''): string {
  const inner = `${indent}    `;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return asciiString(value);
  if ('float' in value) return floatToken(value.float);
  if ('int' in value) return String(value.int);
  if ('members' in value) {
    const lines = value.members.map(([key, entry]) => `${inner}${asciiString(key)}: ${pythonJson(entry, inner)}`);
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
  }
  const lines = value.map((entry) => `${inner}${pythonJson(entry, inner)}`);
  return lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n${indent}]`;
}

function floatToken(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** Python escapes everything beyond ASCII. */
function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
