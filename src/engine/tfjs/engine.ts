import { EngineError } from '../../errors.js';
import {
  type DType,
  describe,
  hashProgram,
  type Program,
  type Shape,
  sameShape,
  simplify,
  sizeOf,
} from '../../tensor/index.js';
import type { Engine, EngineRecord, Executable, TensorData, Value } from '../engine.js';
import { interpret, makeConstants } from './interpret.js';
import type { TfEngine, Tfjs, TfTensor, TfType } from './library.js';
import { lower } from './lower.js';
import type { LoweringOptions } from './lowering.js';
import { TensorMemory } from './memory.js';
import type { Plan, Slot } from './plan.js';
import { TfjsValue } from './value.js';

const elementTypes: Readonly<Record<DType, TfType>> = { float: 'float32', int: 'int32', bool: 'bool' };

/** A loaded TensorFlow.js, and how its backend is used. */
export interface Backend {
  readonly library: Tfjs;
  /** The backend's name in TensorFlow.js. */
  readonly name: string;
  readonly lowering: LoweringOptions;
}

/** A compiled program with the tensors that it keeps. */
interface Compiled {
  readonly plan: Plan;
  readonly constants: ReadonlyMap<Slot, TfTensor>;
}

/** Runs programs operation by operation on a backend's kernels. Derivatives are our programs': its own gradients are never used. */
export class TfjsEngine implements Engine {
  readonly record: EngineRecord;
  readonly #backend: Backend;
  /** TensorFlow.js' own handle of the backend, for tensors that are made while another one is the current one. */
  readonly #handle: object;
  readonly #memory = new TensorMemory();
  readonly #compiled = new Map<string, Compiled>();

  constructor(record: EngineRecord, backend: Backend) {
    this.record = record;
    this.#backend = backend;
    this.#handle = backend.library.backend();
  }

  get #engine(): TfEngine {
    return this.#backend.library.engine();
  }

  async compile(program: Program): Promise<Executable> {
    const started = performance.now();
    await this.#select();
    const key = hashProgram(program);
    let compiled = this.#compiled.get(key);
    const cached = compiled !== undefined;
    if (compiled === undefined) {
      const plan = lower(simplify(program), this.#backend.lowering);
      compiled = { plan, constants: makeConstants(plan, this.#engine) };
      this.#compiled.set(key, compiled);
    }
    const { plan, constants } = compiled;
    return {
      compileSeconds: cached ? 0 : (performance.now() - started) / 1000,
      run: (feeds, spent) => this.#run(program, plan, constants, feeds, spent),
    };
  }

  async #run(
    program: Program,
    plan: Plan,
    constants: ReadonlyMap<Slot, TfTensor>,
    feeds: Readonly<Record<string, Value>>,
    spent: Iterable<Value> = [],
  ): Promise<Record<string, Value>> {
    await this.#memory.relieve();
    await this.#select();
    const tensors = new Map<Slot, TfTensor>();
    for (const [name, slot] of plan.inputs) tensors.set(slot, fed(program, name, feeds[name]));
    const results = interpret(plan, this.#engine, constants, tensors);
    const values: Record<string, Value> = {};
    for (const [index, name] of [...plan.outputs.keys()].entries()) {
      const [tensor, output] = [results[index], program.outputs.get(name)];
      if (tensor === undefined || output === undefined)
        throw new EngineError({ subject: 'run', what: `the output ${name} is missing` });
      values[name] = this.#value(tensor, output.shape, output.dtype);
    }
    for (const value of spent) own(value).release();
    return values;
  }

  /** TensorFlow.js has one current backend for the whole process, which another engine may have changed. */
  async #select(): Promise<void> {
    const { library, name } = this.#backend;
    if (library.getBackend() !== name) await library.setBackend(name);
  }

  #value(tensor: TfTensor, shape: Shape, dtype: DType): TfjsValue {
    return new TfjsValue(tensor, shape, dtype, this.#memory);
  }

  upload(data: TensorData, shape: Shape, dtype: DType = data instanceof Int32Array ? 'int' : 'float'): Value {
    if (data.length !== sizeOf(shape)) {
      throw new EngineError({
        subject: 'upload',
        what: `${data.length} numbers do not fill the shape [${shape.join(', ')}]`,
      });
    }
    const tensor = this.#engine.makeTensor(converted(data, dtype), [...shape], elementTypes[dtype], this.#handle);
    return this.#value(tensor, [...shape], dtype);
  }

  async download(value: Value): Promise<TensorData> {
    // The CPU backend hands out its own array, for truth values cast to float even one of bytes: a copy of the right type.
    const data = own(value).tensor.dataSync();
    return value.dtype === 'float' ? new Float32Array(data) : new Int32Array(data);
  }

  async dispose(): Promise<void> {
    const compiled = [...this.#compiled.values()];
    this.#compiled.clear();
    for (const { constants } of compiled) for (const tensor of constants.values()) tensor.dispose();
  }
}

function own(value: Value): TfjsValue {
  if (value instanceof TfjsValue) return value;
  throw new EngineError({ what: 'the value belongs to another engine' });
}

/** The tensor that is fed for an input; kernels would take one of another shape or type and compute something else. */
function fed(program: Program, name: string, value: Value | undefined): TfTensor {
  const input = program.inputs.get(name);
  if (value === undefined || input === undefined)
    throw new EngineError({ subject: 'run', what: `the input ${name} was not fed` });
  const { shape, dtype, tensor } = own(value);
  if (!sameShape(shape, input.shape) || dtype !== input.dtype) {
    throw new EngineError({
      subject: 'run',
      what: `the input ${name} is [${shape.join(', ')}] ${dtype}`,
      expected: describe(input),
    });
  }
  return tensor;
}

function converted(data: TensorData, dtype: DType): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float') return data instanceof Float32Array ? data : new Float32Array(data);
  if (dtype === 'int') return data instanceof Int32Array ? data : new Int32Array(data);
  return new Uint8Array(data);
}
