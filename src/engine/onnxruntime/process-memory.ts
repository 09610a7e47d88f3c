import { type DType, type Shape, sizeOf } from '../../tensor/index.js';
import * as ort from './library.js';
import type { Memory } from './memory.js';
import type { OnnxValue } from './value.js';

/** Smaller outputs cost nothing to allocate. */
const smallestPooled = 16_384;

/**
 * Values in the process' memory. Where runs write in place, outputs get the memory of spent values of their size, which
 * saves the allocation and the page faults of every step's new parameters.
 */
export class ProcessMemory implements Memory {
  readonly #free = new Map<number, Float32Array[]>();
  readonly #inPlace: boolean;

  constructor(inPlace: boolean) {
    this.#inPlace = inPlace;
  }

  sessionOptions() {
    return {};
  }

  take(shape: Shape, dtype: DType): ort.Tensor | undefined {
    if (!this.#inPlace) return undefined;
    const size = sizeOf(shape);
    if (dtype === 'int') return new ort.Tensor('int32', new Int32Array(size), shape);
    if (dtype === 'bool') return new ort.Tensor('bool', new Uint8Array(size), shape);
    return new ort.Tensor('float32', this.#free.get(size)?.pop() ?? new Float32Array(size), shape);
  }

  keep(): void {}

  reclaim(value: OnnxValue): void {
    const data = value.release()?.data;
    if (!this.#inPlace || !(data instanceof Float32Array) || data.length < smallestPooled) return;
    const list = this.#free.get(data.length);
    if (list === undefined) this.#free.set(data.length, [data]);
    else list.push(data);
  }

  async read({ tensor }: OnnxValue): Promise<Float32Array | Int32Array | Uint8Array> {
    return (tensor.data as Float32Array | Int32Array | Uint8Array).slice();
  }

  async dispose(): Promise<void> {
    this.#free.clear();
  }
}
