import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { EngineError } from '../../errors.js';
import { type DType, hashProgram, type Program, type Shape, simplify, sizeOf } from '../../tensor/index.js';
import type { Engine, EngineOptions, EngineRecord, Executable, TensorData, Value } from '../engine.js';
import { lower } from './lower.js';
import { type LoweringOptions, outputName } from './lowering.js';
import { probeBlockSize } from './probe.js';
import { rewrite } from './rewrite.js';
import { OnnxValue, Pool } from './value.js';

const elementTypes = { float: 'float32', int: 'int32', bool: 'bool' } as const;

/** Switches for tests and for measuring what each formulation is worth; the defaults are the fastest ones known. */
export type OnnxEngineOptions = EngineOptions & Partial<LoweringOptions> & { readonly rewrite?: boolean };

/** Runs programs with ONNX Runtime's native kernels: each program becomes one graph. */
class OnnxEngine implements Engine {
  readonly record: EngineRecord;
  readonly #options: LoweringOptions & { readonly rewrite: boolean };
  readonly #sessions = new Map<string, Promise<ort.InferenceSession>>();
  readonly #pool = new Pool();

  constructor(record: EngineRecord, options: LoweringOptions & { readonly rewrite: boolean }) {
    this.record = record;
    this.#options = options;
  }

  async compile(program: Program): Promise<Executable> {
    const started = performance.now();
    const key = hashProgram(program);
    let session = this.#sessions.get(key);
    const cached = session !== undefined;
    if (session === undefined) {
      session = this.#createSession(program);
      this.#sessions.set(key, session);
      session.catch(() => this.#sessions.delete(key));
    }
    const seconds = () => (cached ? 0 : (performance.now() - started) / 1000);
    return new OnnxExecutable(await session, program, this.#pool, seconds());
  }

  #createSession(program: Program): Promise<ort.InferenceSession> {
    const simpler = simplify(program);
    const graph = lower(this.#options.rewrite ? rewrite(simpler) : simpler, this.#options);
    return ort.InferenceSession.create(graph.serialize(), {
      intraOpNumThreads: this.record.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Threads that spin after their work take time from other sessions and processes; 50 µs keeps nearly all of its benefit.
      extra: { session: { intra_op: { spin_duration_us: '50' } } },
    });
  }

  upload(data: TensorData, shape: Shape, dtype: DType = data instanceof Int32Array ? 'int' : 'float'): Value {
    if (data.length !== sizeOf(shape)) {
      throw new EngineError(`upload: ${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
    }
    const values =
      dtype === 'float' ? toFloat32(data) : dtype === 'int' ? Int32Array.from(data) : Uint8Array.from(data);
    return new OnnxValue(new ort.Tensor(elementTypes[dtype], values, shape), shape, dtype, false);
  }

  async download(value: Value): Promise<TensorData> {
    const { data } = own(value).tensor;
    if (data instanceof Float32Array || data instanceof Int32Array) return data.slice();
    return Int32Array.from(data as Uint8Array);
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session).release();
  }
}

class OnnxExecutable implements Executable {
  readonly compileSeconds: number;
  readonly #session: ort.InferenceSession;
  readonly #program: Program;
  readonly #pool: Pool;

  constructor(session: ort.InferenceSession, program: Program, pool: Pool, compileSeconds: number) {
    this.#session = session;
    this.#program = program;
    this.#pool = pool;
    this.compileSeconds = compileSeconds;
  }

  async run(feeds: Readonly<Record<string, Value>>, spent: Iterable<Value> = []): Promise<Record<string, Value>> {
    const tensors: Record<string, ort.Tensor> = {};
    for (const name of this.#session.inputNames) {
      const value = feeds[name];
      if (value === undefined) throw new EngineError(`run: the input ${name} was not fed`);
      tensors[name] = own(value).tensor;
    }
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const [name, { shape, dtype }] of this.#program.outputs) {
      fetches[outputName(name)] = this.#pool.take(shape, dtype) ?? null;
    }
    const results = await this.#session.run(tensors, fetches);
    const values: Record<string, Value> = {};
    for (const [name, { shape, dtype }] of this.#program.outputs) {
      const tensor = results[outputName(name)];
      if (tensor === undefined) throw new EngineError(`run: the output ${name} is missing`);
      values[name] = new OnnxValue(tensor, shape, dtype, true);
    }
    for (const value of spent) this.#pool.add(own(value));
    return values;
  }
}

function own(value: Value): OnnxValue {
  if (value instanceof OnnxValue) return value;
  throw new EngineError('the value belongs to another engine');
}

function toFloat32(data: TensorData): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** The version of onnxruntime-node that is installed. */
export function onnxruntimeVersion(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return version;
}

/** Opens the ONNX Runtime engine. Throws EngineError for a device that it does not offer. */
export async function openOnnxEngine(options: OnnxEngineOptions = {}): Promise<Engine> {
  const device = options.device ?? 'cpu';
  if (device !== 'cpu') {
    throw new EngineError(`--device ${device}: the onnxruntime engine runs on cpu here; leave --device out or say cpu`);
  }
  const threads = options.threads ?? availableParallelism();
  const blockSize = options.blockSize ?? (await probeBlockSize());
  const record = { name: 'onnxruntime', device, threads, version: onnxruntimeVersion(), details: { blockSize } };
  return new OnnxEngine(record, {
    blockSize,
    fuse: options.fuse ?? true,
    dilatedWeightGradient: options.dilatedWeightGradient ?? true,
    rewrite: options.rewrite ?? true,
  });
}
