import { EngineError } from '../../errors.js';
import type { DType, Shape } from '../../tensor/index.js';
import type { Value } from '../engine.js';
import type * as ort from './library.js';

/** A tensor in the process' memory or in that of a device. */
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
    if (this.#tensor === null)
      throw new EngineError({ what: 'the value was handed back as spent and cannot be used any more' });
    return this.#tensor;
  }

  /** Gives up the tensor; undefined where its memory belongs to the caller, or was given up before. */
  release(): ort.Tensor | undefined {
    if (!this.#made || this.#tensor === null) return undefined;
    const tensor = this.#tensor;
    this.#tensor = null;
    return tensor;
  }
}
