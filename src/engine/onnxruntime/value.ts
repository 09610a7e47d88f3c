import * as ort from 'onnxruntime-node';
import { EngineError } from '../../errors.js';
import { type DType, type Shape, sizeOf } from '../../tensor/index.js';
import type { Value } from '../engine.js';

/** Smaller outputs cost nothing to allocate. */
const smallestPooled = 16_384;

/** A tensor in the process' memory. */
export class OnnxValue implements Value {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether a run of ours made it, so that its memory belongs to nobody else. */
  readonly #made: boolean;
  #tensor: ort.Tensor | null;

  constructor(tensor: ort.Tensor, shape: Shape, dtype: DType, made: boolean) {
    this.shape = shape;
    this.dtype = dtype;
    this.#tensor = tensor;
    this.#made = made;
  }

  get tensor(): ort.Tensor {
    if (this.#tensor === null) throw new EngineError('the value was handed back as spent and cannot be used any more');
    return this.#tensor;
  }

  /** Gives up the memory; undefined where it belongs to the caller or is too small to care. */
  release(): Float32Array | undefined {
    if (!this.#made) return undefined;
    const data = this.#tensor?.data;
    this.#tensor = null;
    return data instanceof Float32Array && data.length >= smallestPooled ? data : undefined;
  }
}

/** Memory of spent values, by size. It saves the allocation and the page faults of every step's new parameters. */
export class Pool {
  readonly #free = new Map<number, Float32Array[]>();

  /** Takes a value's memory back. */
  add(value: OnnxValue): void {
    const data = value.release();
    if (data === undefined) return;
    const list = this.#free.get(data.length);
    if (list === undefined) this.#free.set(data.length, [data]);
    else list.push(data);
  }

  /** A tensor for an output, in memory that is free; undefined where the engine has to allocate. */
  take(shape: Shape, dtype: DType): ort.Tensor | undefined {
    const data = dtype === 'float' ? this.#free.get(sizeOf(shape))?.pop() : undefined;
    return data === undefined ? undefined : new ort.Tensor('float32', data, shape);
  }
}
