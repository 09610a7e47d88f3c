import type { DType, Program, Shape } from '../tensor/index.js';

/** Plain numbers of a tensor in row-major order. `float` tensors are Float32Array or Float64Array, as the engine computes. */
export type TensorData = Float32Array | Float64Array | Int32Array;

/** A tensor's value inside an engine: an opaque handle that may live on a device. Immutable; freed when no longer referenced. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A compiled program. */
export interface Executable {
  /**
   * Runs the program once. Every input of the program must be fed with a value of its shape and type, made by the same
   * engine; feeds that it does not use are ignored. Returns a value for each output; the caller's values stay valid.
   * `spent` are values that nobody will use after this run: later runs may write their outputs into that memory.
   */
  run(feeds: Readonly<Record<string, Value>>, spent?: Iterable<Value>): Promise<Record<string, Value>>;
  /** Seconds that compiling took; 0 when it came from the engine's cache. */
  readonly compileSeconds: number;
}

/** What a run file says about the engine. */
export interface EngineRecord {
  readonly name: string;
  readonly device: string;
  readonly threads: number;
  readonly version: string;
  /** Choices made on this machine that may matter for speed, such as the block size of the convolution kernels. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** How a program is compiled. */
export interface CompileOptions {
  /**
   * What happens to the memory that a program works with, beside inputs and outputs. `planned` (default): laid out as a whole and kept for the
   * next run. `sparing`: kept, each piece as it is needed; for programs with large pieces that live briefly. `returned`: given back after each
   * run, which costs time, and nothing is reordered or fused, so that no more is needed at once than the program says; for programs that
   * run seldom. Engines without such a choice ignore it. Results are the same.
   */
  readonly memory?: 'planned' | 'sparing' | 'returned';
}

/** Runs programs. Knows nothing of training. */
export interface Engine {
  readonly record: EngineRecord;
  /** Compiles a program; the same program is compiled once and kept until the engine is disposed. */
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
  /** Hands numbers to the engine. The array must not be changed as long as the value is used. */
  upload(data: TensorData, shape: Shape, dtype?: DType): Value;
  /** A copy of a value's numbers. Truth values are 0 and 1. */
  download(value: Value): Promise<TensorData>;
  /** Frees every compiled program. */
  dispose(): Promise<void>;
}

/** How an engine is opened. */
export interface EngineOptions {
  /** An engine's name or `auto`. */
  readonly engine?: string;
  readonly device?: string;
  /** Threads for one operation; default: all cores that the process may use. */
  readonly threads?: number;
}

/** Feeds a number as a scalar. */
export function uploadScalar(engine: Engine, value: number): Value {
  return engine.upload(Float64Array.of(value), []);
}
