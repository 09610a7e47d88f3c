import { inputOf, numberOf, sameShape, sizeOf, type Tensor } from '../../../tensor/index.js';
import type { Emitter, Layout, Lowering } from '../lowering.js';
import { emitAffine } from './affine.js';

const operators = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  negate: 'Neg',
  erf: 'Erf',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  sin: 'Sin',
  cos: 'Cos',
  sigmoid: 'Sigmoid',
  abs: 'Abs',
  relu: 'Relu',
  greater: 'Greater',
  greaterEqual: 'GreaterOrEqual',
  equal: 'Equal',
  select: 'Where',
} as const;

/** An operand that broadcasts against a blocked image: constant over channels, or over rows and columns. */
function broadcastsBlocked(operand: Tensor, node: Tensor): boolean {
  if (sizeOf(operand.shape) === 1 || sameShape(operand.shape, node.shape)) return true;
  const [, channels = 1, height = 1, width = 1] = aligned(operand);
  return channels === 1 || (height === 1 && width === 1);
}

function aligned(operand: Tensor): number[] {
  return [...Array<number>(4 - operand.shape.length).fill(1), ...operand.shape];
}

/** Elementwise operations stay in the layout of the operand that is as large as the result. */
function elementwiseLayout(node: Tensor, lowering: Lowering): Layout {
  const blocked =
    lowering.blocks(node.shape) &&
    node.inputs.some((input) => sameShape(input.shape, node.shape) && lowering.naturalLayout(input) === 'blocked') &&
    node.inputs.every((input) => broadcastsBlocked(input, node));
  return blocked ? 'blocked' : 'plain';
}

/** The operands in the node's layout, under shapes that broadcast to `shape`. */
function operands(node: Tensor, lowering: Lowering): { names: string[]; reshaped: boolean } {
  const layout = lowering.naturalLayout(node);
  const simple = (input: Tensor) => sizeOf(input.shape) === 1 || sameShape(input.shape, node.shape);
  if (layout === 'plain' || node.inputs.every(simple)) {
    const names = node.inputs.map((input) =>
      lowering.value(input, sameShape(input.shape, node.shape) ? layout : 'plain'),
    );
    return { names, reshaped: false };
  }
  const { blockSize } = lowering.options;
  const names = node.inputs.map((input) => {
    if (sizeOf(input.shape) === 1) return lowering.value(input);
    if (sameShape(input.shape, node.shape)) {
      return lowering.view(lowering.value(input, 'blocked'), lowering.blockedShape(node.shape));
    }
    const [n = 1, channels = 1, height = 1, width = 1] = aligned(input);
    const shape = channels === 1 ? [n, 1, height, width, 1] : [n, channels / blockSize, 1, 1, blockSize];
    return lowering.view(lowering.value(input), shape);
  });
  return { names, reshaped: true };
}

const elementwise =
  (operator: string): Emitter =>
  (node, lowering) => {
    const { names, reshaped } = operands(node, lowering);
    const name = lowering.graph.add(operator, names);
    return reshaped ? lowering.view(name, node.shape) : name;
  };

const LARGE = 2 ** 127;

/**
 * A sign times a scalar s, as in the steps of Lion: x · ±LARGE cut at ±|s|, a pass less than the sign and the product. Of numbers below
 * |s| / LARGE, 6e-39 at s = 1, a part of s is left. `undefined` for another product.
 */
function emitSigned(node: Tensor, lowering: Lowering): string | undefined {
  const sign = node.inputs.find(({ operation, shape }) => operation.name === 'sign' && sameShape(shape, node.shape));
  const scalar = node.inputs.find((input) => input !== sign && input.shape.length === 0);
  if (!lowering.options.fuse || sign === undefined || scalar === undefined) return undefined;
  if (sign.shape.length === 0 || !lowering.usedOnce(sign)) return undefined;
  const { graph } = lowering;
  const s = lowering.value(scalar);
  const bound = graph.add('Abs', [s]);
  const isNegative = graph.add('Less', [s, graph.scalar(0)]);
  const factor = graph.add('Where', [isNegative, graph.scalar(-LARGE), graph.scalar(LARGE)]);
  const operand = lowering.input(sign, 0, lowering.naturalLayout(node));
  return graph.add('Clip', [graph.add('Mul', [operand, factor]), graph.add('Neg', [bound]), bound]);
}

export const emitters: Record<string, Emitter> = {
  ...Object.fromEntries(Object.entries(operators).map(([name, operator]) => [name, elementwise(operator)])),
  add: (node, lowering) => emitAffine(node, lowering, false) ?? elementwise('Add')(node, lowering),
  relu: (node, lowering) => emitAffine(inputOf(node, 0), lowering, true) ?? elementwise('Relu')(node, lowering),
  multiply: (node, lowering) => emitSigned(node, lowering) ?? elementwise('Mul')(node, lowering),
  // onnxruntime's own Sign takes as long as four such passes. Every number that is not subnormal is at least 1 times LARGE, and NaN stays NaN.
  sign: (node, lowering) => {
    const { graph } = lowering;
    const operand = lowering.input(node, 0, lowering.naturalLayout(node));
    return graph.add('Clip', [graph.add('Mul', [operand, graph.scalar(LARGE)]), graph.scalar(-1), graph.scalar(1)]);
  },
  step: (node, lowering) => {
    const operand = lowering.input(node, 0, lowering.naturalLayout(node));
    return lowering.graph.add('Cast', [lowering.graph.add('Greater', [operand, lowering.graph.scalar(0)])], { to: 1 });
  },
  softplus: (node, lowering) => {
    const { graph } = lowering;
    const x = lowering.input(node, 0, lowering.naturalLayout(node));
    const exponential = graph.add('Exp', [graph.add('Neg', [graph.add('Abs', [x])])]);
    const rest = graph.add('Log', [graph.add('Add', [exponential, graph.scalar(1)])]);
    return graph.add('Add', [graph.add('Relu', [x]), rest]);
  },
  toFloat: (node, lowering) => lowering.graph.add('Cast', [lowering.input(node, 0)], { to: 1 }),
  constant: (node, lowering) => {
    const value = lowering.graph.scalar(numberOf(node, 'value'));
    if (node.shape.length === 0) return value;
    return lowering.graph.add('Expand', [value, lowering.graph.integers(node.shape)]);
  },
};

const layouts = [...Object.keys(operators), 'sign', 'softplus', 'step'].map(
  (name) => [name, elementwiseLayout] as const,
);
export const naturalLayouts: Record<string, (node: Tensor, lowering: Lowering) => Layout> = Object.fromEntries(layouts);
