import { observeTensors, type Tensor } from './tensor.js';

/** Remembers where in a user's code tensors were made, so that what is wrong with one can be said with file and line. */
export class TensorOrigins {
  readonly #place: (error: Error) => string | null;
  readonly #places = new WeakMap<Tensor, string>();

  /** `place` tells file and line from the stack of an error, or null where no code of the user's is on it. */
  constructor(place: (error: Error) => string | null) {
    this.#place = place;
  }

  /** Calls a function, remembering the origin of each tensor that it makes. */
  during<T>(body: () => T): T {
    return observeTensors((node) => {
      const place = this.#place(new Error());
      if (place !== null) this.#places.set(node, place);
    }, body);
  }

  /** ` (mine.mjs:7)`, the place where a tensor was made, or the nearest one among what it is made from; empty where none is known. */
  suffix(value: unknown): string {
    const place = typeof value === 'object' && value !== null ? this.#nearest(value as Tensor) : null;
    return place === null ? '' : ` (${place})`;
  }

  #nearest(tensor: Tensor): string | null {
    const waiting = [tensor];
    const seen = new Set<Tensor>();
    for (const node of waiting) {
      const place = this.#places.get(node);
      if (place !== undefined) return place;
      if (seen.has(node)) continue;
      seen.add(node);
      waiting.push(...(node.inputs ?? []));
    }
    return null;
  }
}
