import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FileError } from '../errors.js';

/** Of Node's limit of the heap a part is for objects that have just been made; this much at most. */
const YOUNG_BYTES = 64_000_000;

/** Share of the heap that runs may take; the rest is for what is made of them. */
const SHARE = 0.8;

/** Characters of files that are read between two looks, and bytes that the heap grows between two collections. */
const BETWEEN_LOOKS = 4_000_000;
const BETWEEN_COLLECTIONS = 0.05;

/** Parsing a run file was seen to take this many times its size. */
const PARSED = 8;

/** The bytes that Node's heap can hold for long. `limit` is what Node says. */
function roomOfHeap(limit = getHeapStatistics().heap_size_limit): number {
  return Math.max(limit - YOUNG_BYTES, limit / 2);
}

/** The size in bytes up to which Node's heap holds the content of one file; above, Node would abort the process. */
export function largestParsed(): number {
  return Math.floor(roomOfHeap() / PARSED);
}

/** How a user gives Node more memory. */
export const MORE_HEAP = 'NODE_OPTIONS=--max-old-space-size=MEGABYTES gives Node more';

/**
 * Watches the memory of runs that are read and held. Where they do not fit, Node aborts the whole process with a native stack, and
 * nothing can be said any more; this says it before.
 */
export class HeapRoom {
  readonly #most = SHARE * roomOfHeap();
  #characters = 0;
  #held = 0;

  /** So many characters of a file were read. */
  took(characters: number): void {
    this.#characters += characters;
  }

  /** After so many files of all. Throws FileError where the next ones might not fit. */
  check(files: number, all: number): void {
    if (this.#characters < BETWEEN_LOOKS) return;
    this.#characters = 0;
    const used = getHeapStatistics().used_heap_size;
    if (used < this.#most || used < this.#held + BETWEEN_COLLECTIONS * this.#most) return;
    // Part of it is left over from reading: only a collection says how much is held.
    collectGarbage();
    this.#held = getHeapStatistics().used_heap_size;
    if (this.#held < this.#most) return;
    throw new FileError({
      what: `the runs of ${files} of ${all} files fill the ${inMegabytes(roomOfHeap())} MB that Node has for them`,
      remedy: `expected fewer files at once (${MORE_HEAP})`,
    });
  }
}

export function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Node offers it only under a flag, which can be set at any time for contexts that are made later. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('typeof gc === "function" ? gc : null') as (() => void) | null;
  setFlagsFromString('--no-expose-gc');
  collect?.();
}
