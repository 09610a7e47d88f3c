import { at, present } from '../../expect.js';
import { numberOf, type Program, type Shape, sameShape, sizeOf, type Tensor } from '../../tensor/index.js';
import { LayoutValues } from '../layout-values.js';
import { type Plan, PlanBuilder, type Slot } from './plan.js';

/**
 * How a tensor lies in memory: `plain` is row-major in its own shape. Images [n, c, h, w] may also lie `channelsLast`
 * (n, h, w, c), kernels of convolutions [o, c, kh, kw] as `kernel` (kh, kw, c, o): what TensorFlow's kernels want.
 */
export type Layout = 'plain' | 'channelsLast' | 'kernel';

/** The order of the axes of a tensor with four axes in memory. */
const orders: Readonly<Record<Layout, readonly number[]>> = {
  plain: [0, 1, 2, 3],
  channelsLast: [0, 2, 3, 1],
  kernel: [2, 3, 1, 0],
};

/** Which kernels a plan may use. Every switch leaves the results the same but for rounding. */
export interface LoweringOptions {
  /** Weight gradients by TensorFlow's own kernel; otherwise as a convolution of the transposed tensors. */
  readonly weightGradientKernel: boolean;
}

/** Calls the kernels for one operation; returns its value in the operation's natural layout. */
export type Emitter = (node: Tensor, lowering: Lowering) => Slot;

/** How operations become kernel calls, by the operation's name. */
export interface EmitterTable {
  readonly emitters: Readonly<Record<string, Emitter>>;
  /** The layout that an operation's result comes in, for operations whose results are not always plain. */
  readonly naturalLayouts: Readonly<Record<string, (node: Tensor, lowering: Lowering) => Layout>>;
}

/** The lengths of the axes in memory. */
export function arranged(shape: Shape, layout: Layout): number[] {
  return layout === 'plain' ? [...shape] : orders[layout].map((axis) => at(shape, axis));
}

/** Where an axis of a tensor with four axes lies in memory. */
export function positionOf(axis: number, layout: Layout): number {
  return orders[layout].indexOf(axis);
}

/** One program on its way to a plan: every value is made once, and converted once for each other layout that is asked for. */
export class Lowering extends LayoutValues<Exclude<Layout, 'plain'>, Slot> {
  readonly options: LoweringOptions;
  readonly #builder = new PlanBuilder();
  readonly #table: EmitterTable;
  readonly plan: Plan;

  constructor(program: Program, options: LoweringOptions, table: EmitterTable) {
    super();
    this.options = options;
    this.#table = table;
    for (const [name, tensor] of program.inputs) this.define(tensor, 'plain', this.#builder.input(name));
    // In the order of the program, backward passes follow forward passes and few intermediate results live at a time.
    for (const node of program.nodes) {
      if (node.operation.name !== 'constant') this.value(node, this.naturalLayout(node));
    }
    for (const [name, tensor] of program.outputs) this.#builder.output(name, this.value(tensor));
    this.plan = this.#builder.build();
  }

  protected chooseLayout(tensor: Tensor): Layout {
    return this.#table.naturalLayouts[tensor.operation.name]?.(tensor, this) ?? 'plain';
  }

  protected make(tensor: Tensor): Slot {
    const { name } = tensor.operation;
    return present(this.#table.emitters[name], `tfjs: the lowering of ${name}`)(tensor, this);
  }

  protected convert(tensor: Tensor, from: Layout, to: Layout): Slot {
    if (tensor.operation.name === 'constant')
      return this.constant(numberOf(tensor, 'value'), arranged(tensor.shape, to));
    return this.rearrange(this.value(tensor, from), tensor.shape, from, to);
  }

  /** A tensor filled with one value. */
  constant(value: number, shape: Shape = []): Slot {
    return this.#builder.constant(value, shape);
  }

  /** The tensor that a kernel makes. */
  call(...call: Parameters<PlanBuilder['call']>): Slot {
    return this.#builder.call(...call);
  }

  /** The same data under another shape. */
  view(slot: Slot, shape: Shape): Slot {
    return this.call('Reshape', { x: slot }, { shape });
  }

  /** Axis i of the result is axis `permutation[i]` of a tensor of the given shape; a view where that moves nothing. */
  transpose(slot: Slot, shape: Shape, permutation: readonly number[]): Slot {
    const moved = permutation.filter((axis) => shape[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || at(moved, index - 1) < axis)) {
      const result = permutation.map((axis) => at(shape, axis));
      return sameShape(result, shape) ? slot : this.view(slot, result);
    }
    return this.call('Transpose', { x: slot }, { perm: permutation });
  }

  /** A tensor of four axes, whose shape is given as in `plain`, in another layout. */
  rearrange(slot: Slot, shape: Shape, from: Layout, to: Layout): Slot {
    const permutation = orders[to].map((axis) => positionOf(axis, from));
    return this.transpose(slot, arranged(shape, from), permutation);
  }

  /** A tensor repeated along its axes of length 1 and new leading axes; for kernels that do not broadcast by themselves. */
  repeat(slot: Slot, from: Shape, to: Shape): Slot {
    if (sameShape(from, to)) return slot;
    const shape = [...to.slice(from.length).map(() => 1), ...from];
    const viewed = shape.length === from.length ? slot : this.view(slot, shape);
    if (sizeOf(from) === sizeOf(to)) return viewed;
    return this.call('Tile', { x: viewed }, { reps: to.map((length, axis) => (shape[axis] === length ? 1 : length)) });
  }
}
