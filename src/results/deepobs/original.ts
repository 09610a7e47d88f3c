import type { JsonValue } from '../canonical-json.js';
import type { ParsedJson } from '../parse-json.js';
import { nonFiniteName } from '../setting-value.js';
import { MEASURED_LISTS, type OriginalLayout } from './imported-run.js';
import { asciiString, enclosed, type PythonValue, pythonJson } from './json.js';

/** A longer text of a user's own key is kept only as its value, in `further`. */
const LONGEST_TEXT = 100_000;

/** What gives a file back byte for byte, from its text and what was read from it. */
export function originalLayout(text: string, { value, members }: ParsedJson): OriginalLayout {
  const content = value as Readonly<Record<string, JsonValue>>;
  const lists = Object.entries(content).filter(([key, list]) => MEASURED_LISTS.has(key) && Array.isArray(list));
  const measured = new Set(lists.map(([key]) => key));
  return {
    indent: indentOf(text),
    ending: /\s{0,16}$/.exec(text.slice(-16))?.[0] ?? '',
    members: [...members].map(([key, [start, end]]) => [
      key,
      measured.has(key) || end - start > LONGEST_TEXT ? null : text.slice(start, end),
    ]),
    infinities: lists.flatMap(([key, list]) => infinitiesOf(key, list as readonly JsonValue[])),
  };
}

/** The text of a file that has this layout; the lists are as DeepOBS had them, NaN being null. `further` as imported. */
export function originalText(
  { indent, ending, members, infinities }: OriginalLayout,
  lists: Readonly<Record<string, readonly (number | null)[]>>,
  further: Readonly<Record<string, JsonValue>>,
): string {
  const texts = members.map(([key, text]) => `${asciiString(key)}: ${text ?? pythonJson(memberValue(key), indent, 1)}`);
  return enclosed('{', texts, '}', indent, 0) + ending;

  function memberValue(key: string): PythonValue {
    const list = Object.hasOwn(lists, key) ? lists[key] : undefined;
    if (list !== undefined) return floats(withInfinities(key, list, infinities));
    return floats(Object.hasOwn(further, key) ? (further[key] ?? null) : null);
  }
}

/** Spaces before the first key; null where it follows the brace on the same line. */
function indentOf(text: string): number | null {
  const spaces = /^\s*\{\n( *)"/.exec(text.slice(0, 100))?.[1];
  return spaces === undefined ? null : Math.min(16, spaces.length);
}

/** Every number as a float, which is what all measured ones are. */
function floats(value: JsonValue): PythonValue {
  if (typeof value === 'number') return { float: value };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(floats);
  return { members: Object.entries(value).map(([key, entry]) => [key, floats(entry)] as const) };
}

function infinitiesOf(key: string, list: readonly JsonValue[]): OriginalLayout['infinities'] {
  return (['inf', '-inf'] as const).flatMap((name): OriginalLayout['infinities'] => {
    const places = list.flatMap((value, index) =>
      typeof value === 'number' && !Number.isFinite(value) && nonFiniteName(value) === name ? [index] : [],
    );
    return places.length === 0 ? [] : [[key, name, places]];
  });
}

function withInfinities(
  key: string,
  list: readonly (number | null)[],
  infinities: OriginalLayout['infinities'],
): number[] {
  const values = list.map((value) => value ?? Number.NaN);
  for (const [name, sign, places] of infinities) {
    if (name !== key) continue;
    const value = sign === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    for (const place of places) if (place < values.length && Number.isNaN(values[place])) values[place] = value;
  }
  return values;
}
