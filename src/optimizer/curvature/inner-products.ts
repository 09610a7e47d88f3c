import type { Engine, Value } from '../../engine/index.js';
import { concatenate, matmul, reshape, sizeOf, type Tensor } from '../../tensor/index.js';

/** All inner products of the rows of a [p, N] with those of b [q, N]: a bᵀ, [p, q]. */
export function innerProducts(a: Tensor, b: Tensor): Tensor {
  return matmul(a, b, { transposeB: true });
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

/** Downloads a packed vector. */
export async function unpack(engine: Engine, value: Value): Promise<Unpacking> {
  return new Unpacking(await engine.download(value));
}
