import type { JsonValue } from './canonical-json.js';
import { plainJson } from './plain-json.js';

/** How deep lists and objects may lie in each other; nothing that is measured needs more, and recursion ends somewhere. */
const DEEPEST = 200;

/** From this length on a list is handed to JSON.parse as a whole, which reads plain numbers several times faster. */
const LONG_LIST = 48;

/** Where a text is no JSON: what was found there. The position counts characters from 0. */
export class JsonFault extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.name = 'JsonFault';
    this.position = position;
  }
}

/** A parsed text, and what the values alone do not say. */
export interface ParsedJson {
  /** The bare tokens NaN, Infinity and -Infinity, which Python writes and which are no JSON, are these numbers. */
  readonly value: JsonValue;
  /** Of a root object: where the text of each member's value lies. */
  readonly members: ReadonlyMap<string, readonly [start: number, end: number]>;
  /** The first bare token, null for strict JSON. */
  readonly token: { readonly text: string; readonly position: number } | null;
}

/**
 * Reads JSON in linear time, Python's bare NaN and Infinity included, and refuses what JSON.parse lets pass although no
 * writer means it: a key that appears twice, the key `__proto__`, a number beyond float64, and nesting deeper than 200.
 * `number` replaces the value of every number by what it makes of the number's text. Throws {@link JsonFault}.
 */
export function parseJson(text: string, number?: (text: string) => JsonValue): ParsedJson {
  const plain = number === undefined ? plainJson(text, DEEPEST) : undefined;
  return plain === undefined ? new JsonReader(text, number).read() : new PlainlyParsed(plain, text);
}

/** Of a text without bare tokens. A class: an object with a getter of its own would keep the text in memory until the next full collection. */
class PlainlyParsed implements ParsedJson {
  readonly value: JsonValue;
  readonly token = null;
  readonly #text: string;
  #members: ParsedJson['members'] | null = null;

  constructor(value: JsonValue, text: string) {
    this.value = value;
    this.#text = text;
  }

  /** Looked up where somebody wants it: few do. */
  get members(): ParsedJson['members'] {
    this.#members ??= new JsonReader(this.#text, undefined).read().members;
    return this.#members;
  }
}

class JsonReader {
  readonly #text: string;
  readonly #number: ((text: string) => JsonValue) | undefined;
  readonly #members = new Map<string, readonly [number, number]>();
  readonly #ahead = new Map<string, number>();
  #position = 0;
  #token: ParsedJson['token'] = null;

  constructor(text: string, number: ((text: string) => JsonValue) | undefined) {
    this.#text = text;
    this.#number = number;
  }

  read(): ParsedJson {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.#unexpected('the end of the text');
    return { value, members: this.#members, token: this.#token };
  }

  #value(depth: number): JsonValue {
    if (depth > DEEPEST) throw new JsonFault(`nested deeper than ${DEEPEST} lists and objects`, this.#position);
    this.#skipSpace();
    const text = this.#text;
    switch (text.charCodeAt(this.#position)) {
      case QUOTE:
        return this.#string();
      case OPEN_OBJECT:
        return this.#object(depth);
      case OPEN_LIST:
        return this.#longList() ?? this.#list(depth);
      default: {
        const word = WORDS.find(([name]) => text.startsWith(name, this.#position));
        if (word === undefined) return this.#parseNumber();
        const [name, value] = word;
        if (typeof value === 'number') this.#token ??= { text: name, position: this.#position };
        this.#position += name.length;
        return value;
      }
    }
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    this.#position += 1;
    this.#skipSpace();
    if (this.#take(CLOSE_OBJECT)) return object;
    do {
      this.#skipSpace();
      const start = this.#position;
      if (this.#text.charCodeAt(start) !== QUOTE) throw this.#unexpected('a key in quotation marks');
      const key = this.#string();
      if (key === '__proto__') throw new JsonFault('the key __proto__, which no name may be', start);
      if (Object.hasOwn(object, key)) throw new JsonFault(`the key ${shown(key)} twice in one object`, start);
      this.#skipSpace();
      if (!this.#take(COLON)) throw this.#unexpected('a colon');
      this.#skipSpace();
      const from = this.#position;
      object[key] = this.#value(depth + 1);
      if (depth === 0) this.#members.set(key, [from, this.#position]);
      this.#skipSpace();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_OBJECT)) throw this.#unexpected('a comma or }');
    return object;
  }

  #list(depth: number): JsonValue[] {
    const list: JsonValue[] = [];
    this.#position += 1;
    this.#skipSpace();
    if (this.#take(CLOSE_LIST)) return list;
    do {
      list.push(this.#value(depth + 1));
      this.#skipSpace();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_LIST)) throw this.#unexpected('a comma or ]');
    return list;
  }

  /**
   * A long list of finite numbers and nulls at once; null for every other one, which is then read value by value. A list with
   * something in it that has an inside is not tried: of lists in lists each would be, over and over.
   */
  #longList(): JsonValue[] | null {
    if (this.#number !== undefined) return null;
    const end = this.#next(']');
    if (end - this.#position < LONG_LIST || end === Number.POSITIVE_INFINITY) return null;
    if (['[', '{', '"'].some((opening) => this.#next(opening) < end)) return null;
    let list: JsonValue;
    try {
      list = JSON.parse(this.#text.slice(this.#position, end + 1));
    } catch {
      return null;
    }
    if (!Array.isArray(list)) return null;
    for (const entry of list) if (entry !== null && !Number.isFinite(entry)) return null;
    this.#position = end + 1;
    return list;
  }

  /** Where this character comes next behind the present one; each stretch of the text is searched once. */
  #next(character: string): number {
    let at = this.#ahead.get(character) ?? 0;
    if (at <= this.#position) {
      at = this.#text.indexOf(character, this.#position + 1);
      if (at < 0) at = Number.POSITIVE_INFINITY;
      this.#ahead.set(character, at);
    }
    return at;
  }

  /** Between two quotation marks; the second one is the first that has an even number of backslashes in front. */
  #string(): string {
    const text = this.#text;
    const start = this.#position;
    let end = start;
    for (;;) {
      end = text.indexOf('"', end + 1);
      if (end < 0) throw new JsonFault('a text without closing quotation mark', start);
      let first = end;
      while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
      if ((end - first) % 2 === 0) break;
    }
    this.#position = end + 1;
    if (end - start < SHORT_TEXT) {
      const plain = text.slice(start + 1, end);
      if (!ESCAPED_OR_CONTROL.test(plain)) return plain;
    }
    try {
      // Also where nothing is escaped: a longer slice would keep the whole file in memory.
      return JSON.parse(text.slice(start, end + 1));
    } catch {
      throw new JsonFault(`a text with a raw control character or a wrong escape: ${shown(text.slice(start))}`, start);
    }
  }

  #parseNumber(): JsonValue {
    const text = this.#text;
    const start = this.#position;
    let end = start;
    const digits = () => {
      const from = end;
      while (isDigit(text.charCodeAt(end))) end += 1;
      return end > from;
    };
    if (text.charCodeAt(end) === MINUS) end += 1;
    const leading = end;
    if (!digits() || (text.charCodeAt(leading) === ZERO && end > leading + 1)) throw this.#unexpected('a value');
    if (text.charCodeAt(end) === POINT) {
      end += 1;
      if (!digits()) throw this.#unexpected('a value');
    }
    const exponent = text.charCodeAt(end);
    if (exponent === LOWER_E || exponent === UPPER_E) {
      end += 1;
      const sign = text.charCodeAt(end);
      if (sign === MINUS || sign === PLUS) end += 1;
      if (!digits()) throw this.#unexpected('a value');
    }
    const literal = text.slice(start, end);
    const value = Number(literal);
    if (!Number.isFinite(value)) throw new JsonFault(`${shown(literal)}, a number beyond float64`, start);
    this.#position = end;
    return this.#number === undefined ? value : this.#number(literal);
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== SPACE && code !== NEW_LINE && code !== TAB && code !== RETURN) return;
      this.#position += 1;
    }
  }

  #take(code: number): boolean {
    if (this.#text.charCodeAt(this.#position) !== code) return false;
    this.#position += 1;
    return true;
  }

  #unexpected(expected: string): JsonFault {
    const rest = this.#text.slice(this.#position, this.#position + 40);
    return new JsonFault(
      rest === '' ? `its end instead of ${expected}` : `${shown(rest)} instead of ${expected}`,
      this.#position,
    );
  }
}

/** V8 copies shorter slices; longer ones refer to the text that they are a part of. */
const SHORT_TEXT = 13;

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON texts must not have them unescaped
const ESCAPED_OR_CONTROL = /[\\\u0000-\u001f]/;

const WORDS: readonly (readonly [string, boolean | null | number])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/** Character codes of the letters that have a meaning in JSON. */
const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const LOWER_E = 101;
const UPPER_E = 69;
const SPACE = 32;
const NEW_LINE = 10;
const TAB = 9;
const RETURN = 13;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
