import { availableParallelism } from 'node:os';
import { EngineError } from '../../errors.js';
import {
  type DType,
  hashProgram,
  intermediateBytes,
  type Program,
  type Shape,
  simplify,
  sizeOf,
} from '../../tensor/index.js';
import type { CompileOptions, Engine, EngineOptions, EngineRecord, Executable, TensorData, Value } from '../engine.js';
import {
  checkOnnxDevice,
  deviceError,
  type OnnxDevice,
  onnxDevice,
  onnxruntimeVersion,
  sessionDevice,
} from './device.js';
import { DeviceMemory } from './device-memory.js';
import { rethrow } from './failure.js';
import { probeInPlace, returnNothing, runInPlace } from './in-place.js';
import * as ort from './library.js';
import { lower } from './lower.js';
import { type LoweringOptions, outputName } from './lowering.js';
import type { Memory } from './memory.js';
import { probeBlockSize } from './probe.js';
import { ProcessMemory } from './process-memory.js';
import { rewrite } from './rewrite.js';
import { OnnxValue } from './value.js';
import { operatorsOnProcessor } from './webgpu-operators.js';

const elementTypes = { float: 'float32', int: 'int32', bool: 'bool' } as const;

/**
 * Programs whose intermediate values take more bytes have no arena. ONNX Runtime's arena saves a step the page faults of its
 * allocations; it keeps what it ever took, and takes it in powers of two and once more for the plan of its second run: two to
 * three times the memory, which small programs can afford. Without it cifar10_vgg16 trains in 2.0 GB instead of 6.1 (batch 4,
 * SGD), and a step of svhn_wrn164 (batch 32) takes no longer.
 */
const LARGEST_ARENA = 250e6;
const withoutArena = { enableMemPattern: false, enableCpuMemArena: false } as const;

/** Options of a session by what a program's memory is to be. */
const memoryOptions = {
  planned: {},
  sparing: { enableMemPattern: false },
  // The optimiser would join the slices of a tensor to one operator that copies it whole.
  returned: { enableMemPattern: false, enableCpuMemArena: false, graphOptimizationLevel: 'disabled' },
} as const satisfies Record<string, ort.InferenceSession.SessionOptions>;

/** What a session is made of besides the graph's operators. */
interface SessionOptions {
  readonly rewrite: boolean;
  /** Outputs are written once and not copied. */
  readonly inPlace: boolean;
}

/** Switches for tests and for measuring what each formulation is worth; the defaults are the fastest ones known. */
export type OnnxEngineOptions = EngineOptions & Partial<LoweringOptions> & Partial<SessionOptions>;

/** Runs programs with ONNX Runtime's kernels: each program becomes one graph. */
class OnnxEngine implements Engine {
  readonly record: EngineRecord & { readonly device: OnnxDevice };
  readonly #options: LoweringOptions & SessionOptions;
  readonly #sessions = new Map<string, Promise<ort.InferenceSession>>();
  readonly #memory: Memory;

  constructor(
    record: EngineRecord & { readonly device: OnnxDevice },
    memory: Memory,
    options: LoweringOptions & SessionOptions,
  ) {
    this.record = record;
    this.#memory = memory;
    this.#options = options;
  }

  async compile(program: Program, { memory = 'planned' }: CompileOptions = {}): Promise<Executable> {
    const started = performance.now();
    const key = `${memory} ${hashProgram(program)}`;
    let session = this.#sessions.get(key);
    const cached = session !== undefined;
    if (session === undefined) {
      session = this.#createSession(program, memory);
      this.#sessions.set(key, session);
      session.catch(() => this.#sessions.delete(key));
    }
    const seconds = () => (cached ? 0 : (performance.now() - started) / 1000);
    return new OnnxExecutable(await session, program, this.#memory, seconds());
  }

  #createSession(program: Program, memory: keyof typeof memoryOptions): Promise<ort.InferenceSession> {
    const simpler = simplify(program);
    const graph = lower(this.#options.rewrite ? rewrite(simpler) : simpler, this.#options);
    if (this.#options.inPlace) returnNothing(graph);
    const created = ort.InferenceSession.create(graph.serialize(), {
      ...sessionDevice(this.record.device),
      ...this.#memory.sessionOptions(program),
      ...memoryOptions[memory],
      ...(intermediateBytes(simpler) > LARGEST_ARENA && withoutArena),
      intraOpNumThreads: this.record.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: {
        session: {
          // Threads that spin after their work take time from other sessions and processes; 50 µs keeps nearly all of its benefit.
          intra_op: { spin_duration_us: '50' },
          // Numbers under 1.2e-38, such as squares of tiny gradients and old moments, cost a hundred times as much as others.
          // ONNX Runtime's own threads take them as 0; the calling thread stays as JavaScript wants it.
          set_denormal_as_zero: '1',
        },
      },
    });
    return created.catch(rethrow);
  }

  upload(data: TensorData, shape: Shape, dtype: DType = data instanceof Int32Array ? 'int' : 'float'): Value {
    if (data.length !== sizeOf(shape)) {
      throw new EngineError({
        subject: 'upload',
        what: `${data.length} numbers do not fill the shape [${shape.join(', ')}]`,
      });
    }
    const values =
      dtype === 'float' ? toFloat32(data) : dtype === 'int' ? Int32Array.from(data) : Uint8Array.from(data);
    return new OnnxValue(new ort.Tensor(elementTypes[dtype], values, shape), shape, dtype, false);
  }

  async download(value: Value): Promise<TensorData> {
    const data = await this.#memory.read(own(value));
    if (data instanceof Float32Array || data instanceof Int32Array) return data;
    return Int32Array.from(data);
  }

  async dispose(): Promise<void> {
    // A device's buffers belong to the session that made them: they go first.
    await this.#memory.dispose();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session).release();
  }
}

class OnnxExecutable implements Executable {
  readonly compileSeconds: number;
  readonly #session: ort.InferenceSession;
  readonly #program: Program;
  readonly #memory: Memory;
  /** What the runs under way were fed with: garbage collection must not free it meanwhile. */
  readonly #inUse = new Set<Readonly<Record<string, Value>>>();

  constructor(session: ort.InferenceSession, program: Program, memory: Memory, compileSeconds: number) {
    this.#session = session;
    this.#program = program;
    this.#memory = memory;
    this.compileSeconds = compileSeconds;
  }

  async run(feeds: Readonly<Record<string, Value>>, spent: Iterable<Value> = []): Promise<Record<string, Value>> {
    const tensors: Record<string, ort.Tensor> = {};
    for (const name of this.#session.inputNames) {
      const value = feeds[name];
      if (value === undefined) throw new EngineError({ subject: 'run', what: `the input ${name} was not fed` });
      tensors[name] = own(value).tensor;
    }
    this.#inUse.add(feeds);
    const results = await this.#runSession(tensors)
      .catch(rethrow)
      .finally(() => this.#inUse.delete(feeds));
    const values: Record<string, Value> = {};
    for (const [name, { shape, dtype }] of this.#program.outputs) {
      const tensor = results[outputName(name)];
      if (tensor === undefined) throw new EngineError({ subject: 'run', what: `the output ${name} is missing` });
      const value = new OnnxValue(tensor, shape, dtype, true);
      this.#memory.keep(value);
      values[name] = value;
    }
    for (const value of spent) this.#memory.reclaim(own(value));
    return values;
  }

  /** The outputs by their names in the session: in memory that was there for them, or in what ONNX Runtime allocated. */
  async #runSession(feeds: Record<string, ort.Tensor>): Promise<Readonly<Record<string, ort.Tensor>>> {
    const outputs: Record<string, ort.Tensor> = {};
    for (const [name, { shape, dtype }] of this.#program.outputs) {
      const tensor = this.#memory.take(shape, dtype);
      if (tensor === undefined) return this.#session.run(feeds);
      outputs[outputName(name)] = tensor;
    }
    await runInPlace(this.#session, feeds, outputs);
    return outputs;
  }
}

function own(value: Value): OnnxValue {
  if (value instanceof OnnxValue) return value;
  throw new EngineError({ what: 'the value belongs to another engine' });
}

function toFloat32(data: TensorData): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/**
 * Opens the ONNX Runtime engine on a device. Throws EngineError, one line that says what the device lacks. A broken graphics
 * driver may end the process; `openEngine` tries such a device in another process first.
 */
export async function openOnnxEngine(options: OnnxEngineOptions = {}): Promise<Engine> {
  const device = onnxDevice(options.device ?? 'cpu');
  checkOnnxDevice(device);
  const inPlace = device === 'cpu' && (options.inPlace ?? (await probeInPlace()));
  const memory = await openMemory(device, inPlace);
  const lowering: LoweringOptions = {
    // The blocked kernels are the processor's; other devices take the operators that ONNX defines.
    blockSize: device === 'cpu' ? (options.blockSize ?? (await probeBlockSize())) : 0,
    fuse: options.fuse ?? true,
    webgpu: device === 'webgpu',
    dilatedWeightGradient: options.dilatedWeightGradient ?? true,
    phasedPooling: device === 'cpu' && (options.phasedPooling ?? true),
  };
  const choices = { ...lowering, rewrite: options.rewrite ?? true, inPlace };
  const threads = options.threads ?? availableParallelism();
  const version = onnxruntimeVersion() ?? 'unknown';
  const record = { name: 'onnxruntime', device, threads, version, details: detailsOf(device, choices) };
  return new OnnxEngine(record, memory, choices);
}

/**
 * What was found out on this machine, and every switch that is not as it comes: two engines whose details are equal write
 * the same graphs.
 */
function detailsOf(device: OnnxDevice, choices: LoweringOptions & SessionOptions): EngineRecord['details'] {
  const { blockSize, inPlace, webgpu: _, ...switches } = choices;
  const others = Object.entries(switches).filter(([name, on]) => !on && (device === 'cpu' || name !== 'phasedPooling'));
  const off = Object.fromEntries(others);
  if (device === 'cpu') return { blockSize, inPlace, ...off };
  if (device === 'webgpu') return { deviceTensors: true, onProcessor: operatorsOnProcessor.join(', '), ...off };
  return { deviceTensors: false, ...off };
}

async function openMemory(device: OnnxDevice, inPlace: boolean): Promise<Memory> {
  if (device === 'cpu') return new ProcessMemory(inPlace);
  try {
    const memory = await DeviceMemory.open(device);
    if (device === 'webgpu') return memory;
    // onnxruntime-node knows no CUDA tensors: opening was the test, the values lie in the process' memory.
    await memory.dispose();
    return new ProcessMemory(inPlace);
  } catch (cause) {
    throw deviceError(device, cause);
  }
}
