import { type RandomStream, randomStream } from '../random/index.js';

/**
 * Random numbers for an optimizer: a named stream that starts anew at every step, keyed by the run's seed, the name, the
 * epoch and the step. The same run so draws the same numbers, seeds differ, and a resumed run draws what an uninterrupted
 * one does, although nothing of a stream is saved.
 */
export interface TrainingRandom {
  /** A uniform number in [0, 1). */
  uniform(): number;
  /** A uniform integer in [0, n). */
  integer(n: number): number;
  /** A standard normal number. */
  normal(): number;
  /** The numbers 0 … n−1 in a random order. */
  permutation(n: number): Uint32Array;
  /** n standard normal numbers. */
  normals(n: number): Float32Array;
  /** n numbers that are −1 or 1 with equal probability (Rademacher). */
  signs(n: number): Float32Array;
}

/** The random streams of one training, and where the training is. */
export class TrainingStreams {
  readonly #seed: number;
  readonly #streams = new Map<string, StepStream>();
  /** Before the first epoch, while the optimizer starts. */
  #position: Position = { epoch: -1, step: 0 };

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The stream of this name: always the same one, so that two users of a name never draw the same numbers. */
  stream(name: string): TrainingRandom {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream = new StepStream(this.#seed, name, () => this.#position);
    this.#streams.set(name, stream);
    return stream;
  }

  /** Called before each step, both counted from 0. */
  moveTo(epoch: number, step: number): void {
    const { epoch: before, step: last } = this.#position;
    if (epoch !== before || step !== last) this.#position = { epoch, step };
  }
}

interface Position {
  readonly epoch: number;
  readonly step: number;
}

class StepStream implements TrainingRandom {
  readonly #seed: number;
  readonly #name: string;
  readonly #position: () => Position;
  #at: Position | null = null;
  #current: RandomStream | null = null;

  constructor(seed: number, name: string, position: () => Position) {
    this.#seed = seed;
    this.#name = name;
    this.#position = position;
  }

  /** The stream of the step at hand. */
  get #stream(): RandomStream {
    const position = this.#position();
    if (this.#current === null || position !== this.#at) {
      this.#at = position;
      this.#current = randomStream(this.#seed, 'optimizer', this.#name, position.epoch, position.step);
    }
    return this.#current;
  }

  uniform(): number {
    return this.#stream.uniform();
  }

  integer(n: number): number {
    return this.#stream.integer(n);
  }

  normal(): number {
    return this.#stream.normal();
  }

  permutation(n: number): Uint32Array {
    return this.#stream.permutation(n);
  }

  normals(n: number): Float32Array {
    const stream = this.#stream;
    return Float32Array.from({ length: n }, () => stream.normal());
  }

  signs(n: number): Float32Array {
    const stream = this.#stream;
    return Float32Array.from({ length: n }, () => (stream.uniform() < 0.5 ? -1 : 1));
  }
}
