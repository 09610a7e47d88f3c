import { EngineError } from '../../errors.js';
import type { DType, Shape } from '../../tensor/index.js';
import type { Value } from '../engine.js';
import type { TfTensor } from './library.js';
import type { TensorMemory } from './memory.js';

/** A tensor that a value stands for, and the account it is on. */
interface Holding {
  readonly tensor: TfTensor;
  readonly memory: TensorMemory;
  readonly bytes: number;
}

function free({ tensor, memory, bytes }: Holding): void {
  tensor.dispose();
  memory.remove(bytes);
}

/** Frees the tensors of values that were dropped without being handed back as spent. */
const dropped = new FinalizationRegistry<Holding>(free);

/**
 * A tensor of a backend, which TensorFlow.js keeps until it is disposed. A value that is handed back as spent disposes it at
 * once; one that is merely dropped (a batch, a loss that was read) when it is collected as garbage.
 */
export class TfjsValue implements Value {
  readonly shape: Shape;
  readonly dtype: DType;
  #holding: Holding | null;

  constructor(tensor: TfTensor, shape: Shape, dtype: DType, memory: TensorMemory) {
    this.shape = shape;
    this.dtype = dtype;
    this.#holding = { tensor, memory, bytes: bytesOf(tensor) };
    memory.add(this.#holding.bytes);
    dropped.register(this, this.#holding, this);
  }

  get tensor(): TfTensor {
    if (this.#holding === null)
      throw new EngineError({ what: 'the value was handed back as spent and cannot be used any more' });
    return this.#holding.tensor;
  }

  /** Gives the memory back; the value cannot be used any more. */
  release(): void {
    if (this.#holding === null) return;
    dropped.unregister(this);
    free(this.#holding);
    this.#holding = null;
  }
}

function bytesOf({ shape, dtype }: TfTensor): number {
  return shape.reduce((size, length) => size * length, dtype === 'bool' ? 1 : 4);
}
