import type { Engine, Value } from '../../engine/index.js';
import { concatenate, reshape, sizeOf, type Tensor } from '../../tensor/index.js';

/** An output that the program is known to have. */
export function take(outputs: Readonly<Record<string, Value>>, name: string): Value {
  const value = outputs[name];
  if (value === undefined) throw new RangeError(`the program returned no ${name}`);
  return value;
}

/** Small results of a program as one vector, so that they come to the host in one piece. */
export function packed(tensors: readonly Tensor[]): Tensor {
  return concatenate(
    tensors.map((tensor) => reshape(tensor, [sizeOf(tensor.shape)])),
    0,
  );
}

/** Reads a packed vector piece by piece. */
export class Unpacking {
  readonly #numbers: ArrayLike<number>;
  #position = 0;

  constructor(numbers: ArrayLike<number>) {
    this.#numbers = numbers;
  }

  /** The next `count` numbers. */
  take(count: number): number[] {
    const start = this.#position;
    this.#position += count;
    return Array.from({ length: count }, (_, index) => this.#numbers[start + index] ?? Number.NaN);
  }

  /** The next number. */
  next(): number {
    return this.take(1)[0] ?? Number.NaN;
  }
}

/** Downloads the packed vector that a program returned as `numbers`. */
export async function unpack(engine: Engine, outputs: Readonly<Record<string, Value>>): Promise<Unpacking> {
  return new Unpacking(await engine.download(take(outputs, 'numbers')));
}
