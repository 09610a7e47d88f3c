import { EngineError } from '../../errors.js';
import { type DType, type Program, program, type Shape, sameShape, type Tensor } from '../../tensor/index.js';
import type { Engine, EngineRecord, Executable, TensorData, Value } from '../engine.js';
import { arrangementKernels } from './arrangement.js';
import { elementwiseKernels } from './elementwise.js';
import { imageKernels } from './images.js';
import { elementsOf, type Kernel, type Numbers } from './numbers.js';
import { rowKernels } from './rows.js';

/** How each operation is computed, by the operation's name. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...arrangementKernels,
  ...elementwiseKernels,
  ...imageKernels,
  ...rowKernels,
};

class OracleValue implements Value {
  readonly data: Numbers;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(data: Numbers, shape: Shape, dtype: DType) {
    if (data.length !== elementsOf(shape)) {
      throw new EngineError({ subject: 'oracle', what: `${data.length} numbers do not fill [${shape.join(', ')}]` });
    }
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }
}

function convert(data: TensorData, dtype: DType): Numbers {
  if (dtype === 'float') return data instanceof Float64Array ? data : new Float64Array(data);
  if (dtype === 'bool') return Int32Array.from(data, (truth) => (truth === 0 ? 0 : 1));
  return data instanceof Int32Array ? data : new Int32Array(data);
}

/** Computes the nodes one after the other; a node's numbers are let go after its last user. */
function interpret(subject: Program, feed: (name: string, input: Tensor) => Numbers): Map<string, Numbers> {
  const lastUser = new Map<Tensor, Tensor>();
  for (const node of subject.nodes) for (const input of node.inputs) lastUser.set(input, node);
  const kept = new Set(subject.outputs.values());
  const computed = new Map<Tensor, Numbers>();
  const numbersOf = (tensor: Tensor): Numbers => {
    const numbers = computed.get(tensor);
    if (numbers === undefined) throw new Error(`oracle: a node comes before its input ${tensor.operation.name}`);
    return numbers;
  };
  for (const node of subject.nodes) {
    const kernel = kernels[node.operation.name];
    if (node.operation.name === 'input') computed.set(node, feed(String(node.attributes.name), node));
    else if (kernel === undefined) throw new Error(`oracle: no kernel for ${node.operation.name}`);
    else computed.set(node, kernel(node, node.inputs.map(numbersOf)));
    if (numbersOf(node).length !== elementsOf(node.shape)) {
      throw new Error(`oracle: ${node.operation.name} made ${numbersOf(node).length} numbers for [${node.shape}]`);
    }
    for (const input of node.inputs) if (lastUser.get(input) === node && !kept.has(input)) computed.delete(input);
  }
  return new Map([...subject.outputs].map(([name, tensor]) => [name, numbersOf(tensor)]));
}

/**
 * The slow, plain reference: evaluates a program node by node in float64, each operation as its definition says, with
 * none of an engine's rewriting. Production engines are tested against it.
 */
class ReferenceEngine implements Engine {
  readonly record: EngineRecord = { name: 'oracle', device: 'cpu', threads: 1, version: '1', details: {} };

  async compile(subject: Program): Promise<Executable> {
    return { compileSeconds: 0, run: async (feeds) => this.#run(subject, feeds) };
  }

  upload(data: TensorData, shape: Shape, dtype: DType = data instanceof Int32Array ? 'int' : 'float'): Value {
    return new OracleValue(convert(data, dtype), [...shape], dtype);
  }

  async download(value: Value): Promise<TensorData> {
    return own(value).data;
  }

  async dispose(): Promise<void> {}

  #run(subject: Program, feeds: Readonly<Record<string, Value>>): Record<string, Value> {
    const results = interpret(subject, (name, input) => {
      const value = own(feeds[name], name);
      if (!sameShape(value.shape, input.shape) || value.dtype !== input.dtype) {
        throw new EngineError({
          subject: 'oracle',
          what: `input ${name} is fed [${value.shape}] ${value.dtype}`,
          expected: `[${input.shape}] ${input.dtype}`,
        });
      }
      return value.data;
    });
    return Object.fromEntries(
      [...subject.outputs].map(([name, { shape, dtype }]) => [
        name,
        new OracleValue(results.get(name) ?? new Float64Array(), shape, dtype),
      ]),
    );
  }
}

function own(value: Value | undefined, name = 'value'): OracleValue {
  if (value instanceof OracleValue) return value;
  throw new EngineError({
    subject: 'oracle',
    what: `${name} is ${value === undefined ? 'not fed' : "another engine's value"}`,
  });
}

/** Opens the reference engine. */
export function openReferenceEngine(): Engine {
  return new ReferenceEngine();
}

/** Runs a program on plain numbers. Integers and truth values come back as float64, too. */
export function runProgram(
  subject: Program,
  feeds: Readonly<Record<string, TensorData>> = {},
): Record<string, Float64Array> {
  const results = interpret(subject, (name, input) => {
    const data = feeds[name];
    if (data === undefined) throw new EngineError({ subject: 'oracle', what: `${name} is not fed` });
    return new OracleValue(convert(data, input.dtype), input.shape, input.dtype).data;
  });
  return Object.fromEntries([...results].map(([name, data]) => [name, new Float64Array(data)]));
}

/** The numbers of the given tensors when the inputs that they depend on have the given numbers. */
export function evaluate(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, TensorData>> = {},
): Record<string, Float64Array> {
  return runProgram(program(outputs), feeds);
}
