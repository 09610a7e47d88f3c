import * as ort from 'onnxruntime-node';
import { type DType, type Shape, sizeOf } from '../../tensor/index.js';
import type { Memory } from './memory.js';
import type { OnnxValue } from './value.js';

/** Smaller outputs cost nothing to allocate. */
const smallestPooled = 16_384;

/**
 * Values in the process' memory, and the memory of spent ones by size. It saves the allocation and the page faults of every
 * step's new parameters.
 */
export class ProcessMemory implements Memory {
  readonly #free = new Map<number, Float32Array[]>();

  sessionOptions() {
    return {};
  }

  take(shape: Shape, dtype: DType): ort.Tensor | undefined {
    const data = dtype === 'float' ? this.#free.get(sizeOf(shape))?.pop() : undefined;
    return data === undefined ? undefined : new ort.Tensor('float32', data, shape);
  }

  keep(): void {}

  reclaim(value: OnnxValue): void {
    const data = value.release()?.data;
    if (!(data instanceof Float32Array) || data.length < smallestPooled) return;
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
