import type { DType, Program, Shape } from '../../tensor/index.js';
import type * as ort from './library.js';
import type { OnnxValue } from './value.js';

/** Where the values of an engine lie, and what becomes of them when nobody needs them any more. */
export interface Memory {
  /** What a session must know so that the program's outputs come to lie there. */
  sessionOptions(program: Program): Pick<ort.InferenceSession.SessionOptions, 'preferredOutputLocation'>;
  /** A tensor for an output to be written to; undefined where ONNX Runtime allocates. */
  take(shape: Shape, dtype: DType): ort.Tensor | undefined;
  /** Is told of every value that a run made. */
  keep(value: OnnxValue): void;
  /** Takes the memory of a value back that nobody will use again. */
  reclaim(value: OnnxValue): void;
  /** A copy of a value's numbers. */
  read(value: OnnxValue): Promise<Float32Array | Int32Array | Uint8Array>;
  /** Frees what is left. */
  dispose(): Promise<void>;
}
