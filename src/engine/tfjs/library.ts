/**
 * What this engine uses of TensorFlow.js. Declared here and not imported: the packages are optional, and nothing of ours
 * may need them to be type-checked. A test holds these declarations against the real ones.
 */
export interface TfTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): Float32Array | Int32Array | Uint8Array;
  dispose(): void;
}

/** Element types of TensorFlow.js that programs need. */
export type TfType = 'float32' | 'int32' | 'bool';

/** What tfjs-node's backend says of itself; others have none of it. */
export interface NodeBackend {
  /** Whether the package is the one that was built for CUDA. */
  readonly isGPUPackage?: boolean;
  /** Whether TensorFlow found a GPU that it can use. */
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** The registry of tensors and kernels behind the functions of TensorFlow.js. */
export interface TfEngine {
  readonly backend: object;
  runKernel(
    kernel: string,
    inputs: Record<string, TfTensor> | TfTensor[],
    attributes?: Record<string, unknown>,
  ): TfTensor | TfTensor[];
  makeTensor(
    values: Float32Array | Int32Array | Uint8Array,
    shape: number[],
    dtype: TfType,
    backend?: object,
  ): TfTensor;
}

/** The module of @tensorflow/tfjs-core, which tfjs-node re-exports. */
export interface Tfjs {
  readonly version_core: string;
  engine(): TfEngine;
  backend(): object;
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  /** Turns off checks and the advice to install another backend, which would land on the terminal. */
  enableProdMode(): void;
  memory(): { readonly numTensors: number };
}
