import { at, exactly, present } from '../../expect.js';
import type { Attributes, Program, Shape, Tensor } from '../../tensor/index.js';
import { LayoutValues } from '../layout-values.js';
import { OnnxGraph } from './graph.js';
import { WebgpuGraph } from './webgpu-operators.js';

/**
 * How a tensor lies in memory. Every tensor has the layout `plain` (row-major in its own shape). Images [n, c, h, w] may
 * also lie `channelsLast` (n, h, w, c), `blocked` (n, c/B, h, w, B; ONNX Runtime's NCHWc) or `channelsFirst` (c, n, h, w).
 */
export type Layout = 'plain' | 'channelsLast' | 'blocked' | 'channelsFirst';

/** What the graph may use. Every switch leaves the results the same but for rounding. */
export interface LoweringOptions {
  /** Channels per block of the blocked convolution kernels; 0 where they are not available. */
  readonly blockSize: number;
  /** Bias and ReLU become part of the convolution or matrix product that they follow. */
  readonly fuse: boolean;
  /** Nothing but operators that the WebGPU provider computes, and computes right. */
  readonly webgpu: boolean;
  /** Weight gradients as one dilated convolution of the channels-last image. */
  readonly dilatedWeightGradient: boolean;
  /** A small convolution under a 2×2 pooling is computed for each position of the window by itself. */
  readonly phasedPooling: boolean;
}

/** Writes one operation into the graph; returns the name of its value in the operation's natural layout. */
export type Emitter = (node: Tensor, lowering: Lowering) => string;

/** How operations are written into a graph, by the operation's name. */
export interface EmitterTable {
  readonly emitters: Readonly<Record<string, Emitter>>;
  /** The layout an operation's result comes in, for operations whose results are not always plain. */
  readonly naturalLayouts: Readonly<Record<string, (node: Tensor, lowering: Lowering) => Layout>>;
}

/** One program on its way to one ONNX graph: values are emitted on demand, once per tensor and layout. */
export class Lowering extends LayoutValues<Exclude<Layout, 'plain'>, string> {
  readonly graph: OnnxGraph;
  readonly options: LoweringOptions;
  readonly #table: EmitterTable;
  readonly #consumers = new Map<Tensor, Tensor[]>();
  readonly #outputs: ReadonlySet<Tensor>;
  readonly #shared = new Map<string, unknown>();

  constructor(program: Program, options: LoweringOptions, table: EmitterTable) {
    super();
    this.options = options;
    this.graph = options.webgpu ? new WebgpuGraph() : new OnnxGraph();
    this.#table = table;
    this.#outputs = new Set(program.outputs.values());
    for (const node of program.nodes) {
      for (const input of node.inputs) {
        const consumers = this.#consumers.get(input);
        if (consumers === undefined) this.#consumers.set(input, [node]);
        else consumers.push(node);
      }
    }
    for (const [name, tensor] of program.inputs) {
      this.define(tensor, 'plain', this.graph.input(name, tensor.shape, tensor.dtype));
    }
    for (const [name, tensor] of program.outputs) {
      this.graph.output(outputName(name), this.value(tensor), tensor.shape, tensor.dtype);
    }
  }

  /** The operations that use a tensor. */
  consumersOf(tensor: Tensor): readonly Tensor[] {
    return this.#consumers.get(tensor) ?? [];
  }

  /** Whether nothing but one operation needs the tensor, so that it may disappear into that operation. */
  usedOnce(tensor: Tensor): boolean {
    return this.consumersOf(tensor).length === 1 && !this.#outputs.has(tensor);
  }

  /** Whether nothing but operations of a kind needs the tensor. */
  onlyUsedBy(tensor: Tensor, fits: (consumer: Tensor) => boolean): boolean {
    return !this.#outputs.has(tensor) && this.consumersOf(tensor).every(fits);
  }

  protected chooseLayout(tensor: Tensor): Layout {
    return this.#table.naturalLayouts[tensor.operation.name]?.(tensor, this) ?? 'plain';
  }

  protected make(tensor: Tensor): string {
    const { name } = tensor.operation;
    return present(this.#table.emitters[name], `onnxruntime: the lowering of ${name}`)(tensor, this);
  }

  /** The same data under another shape; costs nothing. */
  view(name: string, shape: Shape): string {
    return this.graph.add('Reshape', [name, this.graph.integers(shape)]);
  }

  transpose(name: string, permutation: readonly number[]): string {
    return this.graph.add('Transpose', [name], { perm: permutation });
  }

  /** Something that several operations need but no tensor stands for: emitted when first asked for. A key has values of one type. */
  once<T extends {}>(key: string, emit: () => T): T {
    const known = this.#shared.get(key) as T | undefined;
    if (known !== undefined) return known;
    const made = emit();
    this.#shared.set(key, made);
    return made;
  }

  /** [n, c/B, h, w, B], the shape of a blocked image's memory. */
  blockedShape(shape: Shape): [number, number, number, number, number] {
    const [n, channels, height, width] = exactly(shape, 4);
    const { blockSize } = this.options;
    return [n, channels / blockSize, height, width, blockSize];
  }

  /** Whether images of this shape can be blocked. */
  blocks(shape: Shape): boolean {
    const { blockSize } = this.options;
    return blockSize > 0 && shape.length === 4 && at(shape, 1) % blockSize === 0;
  }

  protected convert(tensor: Tensor, from: Layout, to: Layout): string {
    const { shape } = tensor;
    if (from === 'blocked') {
      const name = this.value(tensor, 'blocked');
      if (to === 'plain') return this.#nchwc('ReorderOutput', name, { channels: at(shape, 1) });
      if (to === 'channelsFirst') return this.transpose(this.value(tensor, 'plain'), [1, 0, 2, 3]);
      const view = this.view(name, this.blockedShape(shape));
      const last = this.transpose(view, [0, 2, 3, 1, 4]);
      const [n, channels, height, width] = exactly(shape, 4);
      return this.view(last, [n, height, width, channels]);
    }
    const name = this.value(tensor, 'plain');
    if (to === 'blocked') return this.#nchwc('ReorderInput', name, {});
    if (to === 'channelsFirst') return this.transpose(name, [1, 0, 2, 3]);
    return this.transpose(name, [0, 2, 3, 1]);
  }

  #nchwc(operator: string, input: string, attributes: Attributes): string {
    return this.graph.add(operator, [input], attributes as Record<string, number>, 'com.microsoft.nchwc');
  }
}

/** Outputs get names of their own, since an output may be called like an input. */
export function outputName(name: string): string {
  return `out/${name}`;
}
