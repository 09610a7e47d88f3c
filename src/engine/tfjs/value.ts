import { EngineError } from '../../errors.js';
import type { DType, Shape } from '../../tensor/index.js';
import type { Value } from '../engine.js';
import type { TfTensor } from './library.js';

/** Disposes tensors whose values were dropped without being handed back as spent. */
const dropped = new FinalizationRegistry<TfTensor>((tensor) => tensor.dispose());

/**
 * A tensor of a backend, which TensorFlow.js keeps until it is disposed. A value that is handed back as spent disposes it at
 * once. One that is merely dropped (a batch, a loss that was read) disposes it when the value is collected as garbage; for
 * tensors outside of JavaScript's memory that would come too late, since V8 does not know what they hold. Hence `weighs`: such a
 * value carries an array buffer of the tensor's size, which V8 counts and nobody touches, so that it costs no real memory.
 */
export class TfjsValue implements Value {
  readonly shape: Shape;
  readonly dtype: DType;
  #tensor: TfTensor | null;
  #weight: ArrayBuffer | null;

  constructor(tensor: TfTensor, shape: Shape, dtype: DType, { weighs }: { readonly weighs: boolean }) {
    this.shape = shape;
    this.dtype = dtype;
    this.#tensor = tensor;
    this.#weight = weighs ? new ArrayBuffer(bytesOf(tensor)) : null;
    dropped.register(this, tensor, this);
  }

  get tensor(): TfTensor {
    if (this.#tensor === null) throw new EngineError('the value was handed back as spent and cannot be used any more');
    return this.#tensor;
  }

  /** Bytes that V8 counts for the tensor. */
  get weight(): number {
    return this.#weight?.byteLength ?? 0;
  }

  /** Gives the memory back; the value cannot be used any more. */
  release(): void {
    dropped.unregister(this);
    this.#tensor?.dispose();
    this.#tensor = null;
    this.#weight = null;
  }
}

function bytesOf({ shape, dtype }: TfTensor): number {
  return shape.reduce((size, length) => size * length, dtype === 'bool' ? 1 : 4);
}
