import { hash } from 'node:crypto';

/** A value that strict JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * JSON without white space and with sorted keys, so that equal values have equal text; the input of every hash here. A
 * number that is not finite is what the files write for it, `{"float":"inf"}`, and never null.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : canonicalNonFinite(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    // Lists of a million numbers: JSON.stringify writes them as the recursion would, many times faster.
    return arePlainNumbers(value) ? JSON.stringify(value) : `[${value.map(canonicalJson).join(',')}]`;
  }
  const object = value as { readonly [key: string]: JsonValue };
  // In the order of UTF-16 code units, which is what sort() does by itself.
  const members = Object.keys(object)
    .sort()
    .map((key) => `${quotedKey(key)}:${canonicalJson(object[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** The keys of fifty thousand files are the same hundred ones. */
const quotedKeys = new Map<string, string>();
const MOST_KEYS = 4096;

function quotedKey(key: string): string {
  const known = quotedKeys.get(key);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(key);
  if (quotedKeys.size < MOST_KEYS) quotedKeys.set(key, quoted);
  return quoted;
}

function arePlainNumbers(values: readonly unknown[]): boolean {
  for (const value of values) if (!isPlainNumber(value)) return false;
  return true;
}

function isPlainNumber(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}

function canonicalNonFinite(value: number): string {
  return `{"float":"${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}"}`;
}

/** SHA-256 of a text (UTF-8) or of bytes, as 64 hexadecimal digits. */
export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content);
}

/** A copy that strict JSON can hold: non-finite numbers become null, typed arrays lists, undefined members are dropped. */
export function toJsonValue(value: unknown): JsonValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) {
    return Array.from(value as unknown as Iterable<unknown>, toJsonValue);
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return Object.fromEntries(entries.map(([key, entry]) => [key, toJsonValue(entry)]));
  }
  return value === undefined ? null : String(value);
}

/** JSON for people and version control: indented by two, but a list of plain numbers stays on one line. */
export function prettyJson(value: JsonValue, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (arePlainNumbers(value)) return `[${JSON.stringify(value).slice(1, -1).replaceAll(',', ', ')}]`;
    if (value.every((entry) => typeof entry !== 'object' || entry === null)) {
      return `[${value.map((entry) => JSON.stringify(entry)).join(', ')}]`;
    }
    return `[\n${value.map((entry) => inner + prettyJson(entry, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const lines = Object.entries(value).map(
      ([key, entry]) => `${inner}${JSON.stringify(key)}: ${prettyJson(entry, inner)}`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}
