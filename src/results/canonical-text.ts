import { isAscii } from 'node:buffer';

/**
 * The canonical JSON (UTF-8) of a text that holds a JSON object, made of the text itself: keys sorted, no white space, every
 * number and text as it stands, and the member `left` of the root left out. Of a text that this program wrote it is what
 * `canonicalJson` makes of the values, without formatting each of their numbers anew, which takes longest; of another one it may
 * differ, but never has other values. Only for a text that has been parsed: it is not checked once more. Null for a text that is
 * not all ASCII, or has backslashes. The bytes are valid until the next call.
 */
export function canonicalText(text: string, left: string): Uint8Array | null {
  if (text.includes('\\')) return null;
  if (read.length < text.length) {
    read = Buffer.allocUnsafe(2 * text.length);
    written = new Uint8Array(2 * read.length);
  }
  // A letter beyond Latin 1 would lose its upper byte.
  const length = read.write(text, 'utf8');
  if (length > text.length || !isAscii(read.subarray(0, length))) return null;
  return new CanonicalWriter(text, read, written, left).write();
}

/** Room for a text's bytes, and twice as much for what is written, which is never longer: members are brought into order behind it. */
let read = Buffer.allocUnsafe(65_536);
let written = new Uint8Array(2 * read.length);

class CanonicalWriter {
  readonly #text: string;
  readonly #in: Uint8Array;
  readonly #out: Uint8Array;
  readonly #left: string;
  #position = 0;
  #written = 0;

  constructor(text: string, bytes: Uint8Array, out: Uint8Array, left: string) {
    this.#text = text;
    this.#in = bytes;
    this.#out = out;
    this.#left = left;
  }

  write(): Uint8Array {
    this.#skipSpace();
    this.#object(true);
    return this.#out.subarray(0, this.#written);
  }

  #object(isRoot: boolean): void {
    const keys: string[] = [];
    const ends: number[] = [];
    this.#out[this.#written++] = OPEN_OBJECT;
    const start = this.#written;
    this.#position += 1;
    this.#skipSpace();
    while (this.#in[this.#position] === QUOTE) {
      const before = this.#written;
      const key = this.#member();
      if (isRoot && key === this.#left) {
        this.#written = before;
        continue;
      }
      keys.push(key);
      ends.push(this.#written);
    }
    this.#position += 1;
    this.#sort(keys, start, ends);
    // In the place of the last comma.
    this.#out[keys.length === 0 ? this.#written++ : this.#written - 1] = CLOSE_OBJECT;
  }

  /** A key, its value and a comma, whether one is there or not. */
  #member(): string {
    const start = this.#position + 1;
    this.#upTo(COLON);
    // White space between a key and its colon would be part of it here: then the digest is another one.
    const key = this.#text.slice(start, this.#position - 1);
    this.#position += 1;
    this.#out[this.#written++] = COLON;
    this.#upTo(COMMA);
    if (this.#in[this.#position] === COMMA) this.#position += 1;
    this.#skipSpace();
    this.#out[this.#written++] = COMMA;
    return key;
  }

  /** Copies without white space up to this character or the end of the object. */
  #upTo(end: number): void {
    const bytes = this.#in;
    const out = this.#out;
    const { length } = this.#text;
    let at = this.#position;
    let to = this.#written;
    for (let lists = 0; at < length; at++) {
      const code = bytes[at] ?? 0;
      if (code > SPACE) out[to++] = code;
      if (code === QUOTE) {
        do {
          at += 1;
          out[to++] = bytes[at] ?? 0;
        } while (bytes[at] !== QUOTE);
      } else if (code === OPEN_OBJECT) {
        this.#position = at;
        this.#written = to - 1;
        this.#object(false);
        at = this.#position - 1;
        to = this.#written;
      } else if (code === OPEN_LIST) {
        lists += 1;
        // Nearly every byte of a file is in a list of numbers. White space is written over.
        for (let next = bytes[at + 1] ?? 0; at + 1 < length && isOfNumbers(next); next = bytes[at + 1] ?? 0) {
          out[to] = next;
          to += (SPACE - next) >>> 31;
          at += 1;
        }
      } else if (code === CLOSE_LIST) lists -= 1;
      else if (lists === 0 && (code === end || code === CLOSE_OBJECT)) {
        to -= 1;
        break;
      }
    }
    this.#position = at;
    this.#written = to;
  }

  /** Brings the members, each with a comma behind it, into the order of their keys' UTF-16 code units. */
  #sort(keys: readonly string[], start: number, ends: readonly number[]): void {
    const places = sortedPlaces(keys);
    if (places === null) return;
    const out = this.#out;
    const behind = this.#written;
    let at = behind;
    for (const place of places) {
      const from = ends[place - 1] ?? start;
      const to = ends[place] ?? start;
      if (to - from > LONG_MEMBER) {
        out.copyWithin(at, from, to);
        at += to - from;
      } else for (let byte = from; byte < to; byte++) out[at++] = out[byte] ?? 0;
    }
    out.copyWithin(start, behind, at);
  }

  #skipSpace(): void {
    while (this.#position < this.#text.length && (this.#in[this.#position] ?? 0) <= SPACE) this.#position += 1;
  }
}

/** The places of the keys in their order; null where they are in order. */
function sortedPlaces(keys: readonly string[]): readonly number[] | null {
  if (keys.every((key, place) => place === 0 || (keys[place - 1] ?? '') < key)) return null;
  const known = orders.find(
    (order) => order.keys.length === keys.length && keys.every((key, i) => key === order.keys[i]),
  );
  if (known !== undefined) return known.places;
  const places = keys.map((_, place) => place).sort((a, b) => ((keys[a] ?? '') < (keys[b] ?? '') ? -1 : 1));
  if (orders.length >= MOST_ORDERS) orders.shift();
  // Copies: a part of a text keeps the whole text in memory.
  orders.push({ keys: keys.map((key) => Buffer.from(key).toString()), places });
  return places;
}

/** The objects of fifty thousand files have the same few lists of keys. */
const orders: { readonly keys: readonly string[]; readonly places: readonly number[] }[] = [];
const MOST_ORDERS = 32;

/** White space, digits, signs, points, commas and letters, of which a list of numbers and nulls is made. */
function isOfNumbers(code: number): boolean {
  return code !== QUOTE && code < OPEN_LIST + (code > CLOSE_LIST ? 32 : 0);
}

/** From so many bytes on a call of the system's copy is faster than a loop. */
const LONG_MEMBER = 48;

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
