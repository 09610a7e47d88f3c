import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { at } from '../../expect.js';
import type { DType, Shape } from '../../tensor/index.js';

/** Operator sets that the graphs use; the last two are ONNX Runtime's own. */
const operatorSets = { '': 18, 'com.microsoft': 1, 'com.microsoft.nchwc': 1 } as const;
/** Whose operators they are. */
export type Domain = keyof typeof operatorSets;

/** Attributes of an ONNX operator: integers, lists of integers, or text; floating-point ones as `{ float }`. */
export type OnnxAttributes = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>;

const elementTypes: Record<DType, TensorProto_DataType> = {
  float: TensorProto_DataType.FLOAT,
  int: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
};

/** Collects operators and writes them as one ONNX model. Values are referred to by name. */
export class OnnxGraph {
  readonly #nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  readonly #initializers = new Map<string, MessageInitShape<typeof TensorProtoSchema>>();
  readonly #inputs: MessageInitShape<typeof ValueInfoProtoSchema>[] = [];
  readonly #outputs: MessageInitShape<typeof ValueInfoProtoSchema>[] = [];

  /** Declares an input of the graph. */
  input(name: string, shape: Shape, dtype: DType): string {
    this.#inputs.push(valueInfo(name, shape, dtype));
    return name;
  }

  /** Declares that the value of this name is an output; a copy is made only where it is an input as well. */
  output(name: string, value: string, shape: Shape, dtype: DType): void {
    this.#nodes.push({ opType: 'Identity', input: [value], output: [name], name });
    this.#outputs.push(valueInfo(name, shape, dtype));
  }

  /** Declares an output that is an empty sequence of tensors, before all others. */
  outputEmptySequence(name: string): void {
    this.#nodes.push({ opType: 'SequenceEmpty', name, output: [name] });
    const element = valueInfo(name, [], 'float').type;
    const type = {
      value: { case: 'sequenceType' as const, value: element === undefined ? {} : { elemType: element } },
    };
    this.#outputs.unshift({ name, type });
  }

  /** Adds an operator with one output, or `outputs` of them; returns the first one's name, or all names. */
  add(operator: string, inputs: readonly string[], attributes?: OnnxAttributes, domain?: Domain): string;
  add(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxAttributes,
    domain: Domain,
    outputs: number,
  ): string[];
  add(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
    domain: Domain = '',
    outputs?: number,
  ): string | string[] {
    const names = this.write(operator, inputs, attributes, domain, outputs ?? 1);
    return outputs === undefined ? at(names, 0) : names;
  }

  /** Writes one operator; returns the names of its outputs. */
  protected write(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxAttributes,
    domain: Domain,
    outputs: number,
  ): string[] {
    const name = `${operator}_${this.#nodes.length}`;
    const names = Array.from({ length: outputs }, (_, index) => (index === 0 ? name : `${name}:${index}`));
    this.#nodes.push({
      opType: operator,
      domain,
      name,
      input: [...inputs],
      output: names,
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
    return names;
  }

  /** A constant vector of 64-bit integers, as shapes, axes and indices are given to operators. */
  integers(values: readonly number[]): string {
    return this.#constant(`i64[${values.join(',')}]`, {
      dims: [BigInt(values.length)],
      dataType: TensorProto_DataType.INT64,
      int64Data: values.map(BigInt),
    });
  }

  /** A constant vector of 32-bit integers. */
  labels(values: readonly number[]): string {
    return this.#constant(`i32[${values.join(',')}]`, {
      dims: [BigInt(values.length)],
      dataType: TensorProto_DataType.INT32,
      int32Data: [...values],
    });
  }

  /** A constant tensor of floating-point numbers. */
  numbers(values: readonly number[], shape: Shape): string {
    return this.#constant(`f32[${shape.join(',')}]:${values.join(',')}`, {
      dims: shape.map(BigInt),
      dataType: TensorProto_DataType.FLOAT,
      floatData: [...values],
    });
  }

  /** A constant floating-point scalar. */
  scalar(value: number): string {
    return this.#constant(`f32:${Object.is(value, -0) ? '-0' : value}`, {
      dims: [],
      dataType: TensorProto_DataType.FLOAT,
      floatData: [value],
    });
  }

  #constant(name: string, tensor: MessageInitShape<typeof TensorProtoSchema>): string {
    if (!this.#initializers.has(name)) this.#initializers.set(name, { ...tensor, name });
    return name;
  }

  /** The model in ONNX's binary form. */
  serialize(): Uint8Array {
    this.#nameOutputsByTheirMakers();
    const used = new Set(this.#nodes.flatMap((node) => node.input ?? []));
    const model = create(ModelProtoSchema, {
      irVersion: 9n,
      producerName: 'probprec',
      opsetImport: Object.entries(operatorSets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
      graph: {
        name: 'program',
        node: this.#nodes,
        initializer: [...this.#initializers.values()].filter(({ name }) => used.has(name ?? '')),
        input: this.#inputs,
        output: this.#outputs,
      },
    });
    return toBinary(ModelProtoSchema, model);
  }

  /** A trailing Identity would copy: where an output's maker is an operator of ours, it takes the output's name instead. */
  #nameOutputsByTheirMakers(): void {
    const makers = new Map<string, MessageInitShape<typeof NodeProtoSchema>>();
    for (const node of this.#nodes) for (const name of node.output ?? []) makers.set(name, node);
    const outputs = new Set(this.#outputs.map(({ name }) => name));
    for (const node of this.#nodes.filter(({ opType, name }) => opType === 'Identity' && outputs.has(name))) {
      const [from = ''] = node.input ?? [];
      const [to = ''] = node.output ?? [];
      const maker = makers.get(from);
      if (maker === undefined || maker.opType === 'Identity') continue;
      for (const other of this.#nodes) other.input = (other.input ?? []).map((name) => (name === from ? to : name));
      maker.output = (maker.output ?? []).map((name) => (name === from ? to : name));
      makers.delete(from);
      this.#nodes.splice(this.#nodes.indexOf(node), 1);
    }
  }

  /** A line per operator, for people. */
  print(): string {
    const line = (node: MessageInitShape<typeof NodeProtoSchema>) =>
      `${node.output?.join(', ')} = ${node.domain ? `${node.domain}.` : ''}${node.opType}(${node.input?.join(', ')})`;
    return this.#nodes.map(line).join('\n');
  }
}

function valueInfo(name: string, shape: Shape, dtype: DType): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((length) => ({ value: { case: 'dimValue' as const, value: BigInt(length) } }));
  const value = { case: 'tensorType' as const, value: { elemType: elementTypes[dtype], shape: { dim } } };
  return { name, type: { value } };
}

function attribute(name: string, value: OnnxAttributes[string]): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if (typeof value === 'string') {
    return { name, type: AttributeProto_AttributeType.STRING, s: new Uint8Array(Buffer.from(value)) };
  }
  if ('float' in value) return { name, type: AttributeProto_AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}
