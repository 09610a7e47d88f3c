import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FileRoom, readText } from './read-text.js';

/** A file's bytes in a room, and the digest that it states. */
export type SealedText = readonly [start: number, end: number, claimed: string];

/** What the thread is sent: the bytes of files, one behind the other, which it sends back with the places of those that are wrong. */
export interface SealedTexts {
  readonly bytes: ArrayBuffer;
  readonly texts: readonly SealedText[];
}

const workerFile = new URL('./digest-worker.js', import.meta.url);
/** There is no compiled worker when the TypeScript sources are run directly, or where somebody packed the program into one file. */
const hasWorker = existsSync(workerFile);

/** Fewer files than these are read before a thread would have started. */
const WORTH_A_THREAD = 1000;
/** Bytes that are sent together: a message for each small file would take as long as the check. A larger file is checked where it is. */
const ROOM_BYTES = 1_000_000;
/** Rooms under way, beside the one that is being filled. */
const AHEAD = 4;
/** Far more than a room and the values of its texts need. */
const WORKER_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 };

/** The thread for so many files, where there are enough of them and a core for it; else null. */
export function startDigestThread(files: number, cores = availableParallelism()): DigestThread | null {
  if (files < WORTH_A_THREAD || cores < 2 || !hasWorker) return null;
  try {
    return new DigestThread(new Worker(workerFile, { execArgv: [], resourceLimits: WORKER_MEMORY }));
  } catch {
    // Node's permissions may forbid threads; then there is none.
    return null;
  }
}

/**
 * Reads files, and checks their digests while the next ones are read. Whatever becomes of the thread: a file that it takes is
 * confirmed by it or named in {@link unconfirmed}, to be checked once more where an error can say why.
 */
export class DigestThread {
  readonly #worker: Worker;
  readonly #unconfirmed: number[] = [];
  readonly #underway: (readonly number[])[] = [];
  readonly #free: FileRoom[] = [];
  #room = new FileRoom(new ArrayBuffer(ROOM_BYTES));
  #texts: SealedText[] = [];
  #places: number[] = [];
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ([bytes, wrong]: [ArrayBuffer, number[]]) => {
      const places = this.#underway.shift() ?? [];
      for (const index of wrong) this.#unconfirmed.push(places[index] ?? 0);
      this.#free.push(new FileRoom(bytes));
      this.#wake();
    });
    // Out of memory, killed from outside, a file of the program gone: what it had is checked without it.
    worker.on('error', () => this.#end());
    worker.on('exit', () => this.#end());
  }

  /** Waits for a room where the last one is full. */
  async room(): Promise<void> {
    if (!this.#room.isFull) return;
    this.#send();
    await this.#until(AHEAD);
    this.#room = this.#free.pop() ?? new FileRoom(new ArrayBuffer(ROOM_BYTES));
  }

  /** The text of a file, as the function of this name has it. */
  readText(path: string): string {
    return readText(path, this.#room);
  }

  /** Takes over the check of the text that was read last; false where it does not. `place` is what {@link unconfirmed} calls it. */
  take(place: number, claimed: string): boolean {
    const { last } = this.#room;
    if (last === null || this.#hasEnded) return false;
    this.#texts.push([...last, claimed]);
    this.#places.push(place);
    return true;
  }

  /** The places of the texts whose digest was not confirmed, when all that were taken are checked. */
  async unconfirmed(): Promise<readonly number[]> {
    this.#send();
    await this.#until(0);
    return this.#unconfirmed.sort((a, b) => a - b);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(): void {
    if (this.#hasEnded) this.#unconfirmed.push(...this.#places);
    else {
      const { bytes } = this.#room;
      this.#worker.postMessage({ bytes, texts: this.#texts } satisfies SealedTexts, [bytes]);
      this.#underway.push(this.#places);
    }
    this.#texts = [];
    this.#places = [];
  }

  async #until(underway: number): Promise<void> {
    while (this.#underway.length > underway) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #end(): void {
    this.#hasEnded = true;
    this.#unconfirmed.push(...this.#underway.splice(0).flat());
    this.#wake();
  }
}
