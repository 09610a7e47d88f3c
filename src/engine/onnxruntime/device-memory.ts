import { type DType, type Program, type Shape, sizeOf } from '../../tensor/index.js';
import { type OnnxDevice, sessionDevice } from './device.js';
import { OnnxGraph } from './graph.js';
import * as ort from './library.js';
import { outputName } from './lowering.js';
import type { Memory } from './memory.js';
import type { OnnxValue } from './value.js';

/** Scalars are wanted by the host (losses), and only floating-point tensors may be WebGPU buffers of their own. */
function staysOnDevice(shape: Shape, dtype: DType): boolean {
  return dtype === 'float' && sizeOf(shape) > 1;
}

/**
 * Values in WebGPU buffers: outputs stay there and are fed back without a copy. onnxruntime-node frees such a buffer only
 * when told (its tensors have no finalizer in 1.30), so every buffer that a run made is known here until it is spent, its
 * value is garbage, or the engine is disposed.
 */
export class DeviceMemory implements Memory {
  readonly #values = new Map<ort.Tensor, WeakRef<OnnxValue>>();
  readonly #garbage = new FinalizationRegistry<ort.Tensor>((tensor) => this.#free(tensor));
  readonly #device: OnnxDevice;
  #reader: Promise<ort.InferenceSession> | null = null;
  /** Values that are being read: garbage collection must not free them meanwhile. */
  readonly #beingRead = new Set<OnnxValue>();

  private constructor(device: OnnxDevice) {
    this.#device = device;
  }

  /** Opens the device. Rejects with what ONNX Runtime says when there is none. */
  static async open(device: OnnxDevice): Promise<DeviceMemory> {
    const memory = new DeviceMemory(device);
    await memory.#openReader();
    return memory;
  }

  /** The session that copies a vector of any length from the device to the host. */
  #openReader(): Promise<ort.InferenceSession> {
    if (this.#reader === null) {
      const graph = new OnnxGraph();
      graph.output('copy', graph.add('Identity', [graph.input('value', [-1], 'float')]), [-1], 'float');
      // One thread: copying is the device's work.
      const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
      const options = { ...sessionDevice(this.#device), ...threads, logSeverityLevel: 4 } as const;
      this.#reader = ort.InferenceSession.create(graph.serialize(), options);
    }
    return this.#reader;
  }

  sessionOptions({ outputs }: Program) {
    const locations = [...outputs].map(
      ([name, { shape, dtype }]) => [outputName(name), staysOnDevice(shape, dtype) ? 'gpu-buffer' : 'cpu'] as const,
    );
    return { preferredOutputLocation: Object.fromEntries(locations) };
  }

  take(): undefined {
    return undefined;
  }

  keep(value: OnnxValue): void {
    const { tensor } = value;
    if (tensor.location !== 'gpu-buffer') return;
    this.#values.set(tensor, new WeakRef(value));
    this.#garbage.register(value, tensor, tensor);
  }

  reclaim(value: OnnxValue): void {
    const tensor = value.release();
    if (tensor === undefined) return;
    this.#garbage.unregister(tensor);
    this.#free(tensor);
  }

  #free(tensor: ort.Tensor): void {
    if (this.#values.delete(tensor)) tensor.dispose();
  }

  /** onnxruntime-node cannot download a buffer (its `getData` ends the process), but a session whose output is on the host can. */
  async read(value: OnnxValue): Promise<Float32Array | Int32Array | Uint8Array> {
    const { tensor } = value;
    if (tensor.location !== 'gpu-buffer') return (tensor.data as Float32Array | Int32Array | Uint8Array).slice();
    this.#beingRead.add(value);
    try {
      const flat = ort.Tensor.fromGpuBuffer(tensor.gpuBuffer, { dataType: 'float32', dims: [tensor.size] });
      const reader = await this.#openReader();
      const { copy } = await reader.run({ value: flat });
      return copy?.data as Float32Array;
    } finally {
      this.#beingRead.delete(value);
    }
  }

  async dispose(): Promise<void> {
    for (const [tensor, reference] of [...this.#values]) {
      reference.deref()?.release();
      this.#garbage.unregister(tensor);
      this.#free(tensor);
    }
    const reader = await this.#reader;
    this.#reader = null;
    await reader?.release();
  }
}
