import { inputOf, numberOf, type Shape, sameShape, type Tensor } from '../../../tensor/index.js';
import { arranged, type Emitter, type Layout, type Lowering } from '../lowering.js';
import type { Slot } from '../plan.js';

/** Images stay in the layout that convolutions and poolings left them in. */
function elementwiseLayout(node: Tensor, lowering: Lowering): Layout {
  const image = node.inputs.some(
    (input) => sameShape(input.shape, node.shape) && lowering.naturalLayout(input) === 'channelsLast',
  );
  return image ? 'channelsLast' : 'plain';
}

/** An operand in the layout of an operation's result, and its shape there; smaller operands keep their own lengths. */
function operandIn(layout: Layout, node: Tensor, index: number, lowering: Lowering): { slot: Slot; shape: Shape } {
  const operand = inputOf(node, index);
  const { shape } = operand;
  if (layout === 'plain' || shape.length === 0) return { slot: lowering.value(operand), shape };
  if (shape.length === 4) return { slot: lowering.value(operand, layout), shape: arranged(shape, layout) };
  const image = [...node.shape.slice(shape.length).map(() => 1), ...shape];
  const viewed = lowering.view(lowering.value(operand), image);
  return { slot: lowering.rearrange(viewed, image, 'plain', layout), shape: arranged(image, layout) };
}

/**
 * An operand that the kernel broadcasts to its result. Leading axes of length 1 are dropped where the other operand has the
 * result's shape: the CPU backend is many times faster on [c] than on [1, 1, 1, c].
 */
function broadcasting(layout: Layout, node: Tensor, index: number, lowering: Lowering): Slot {
  const { slot, shape } = operandIn(layout, node, index, lowering);
  if (sameShape(inputOf(node, index).shape, node.shape)) return slot;
  const first = shape.findIndex((length) => length !== 1);
  const shorter = first < 0 ? [] : shape.slice(first);
  const complete = node.inputs.some((other, place) => place !== index && sameShape(other.shape, node.shape));
  return complete && shorter.length < shape.length ? lowering.view(slot, shorter) : slot;
}

function unary(kernel: string): Emitter {
  return (node, lowering) => lowering.call(kernel, { x: lowering.input(node, 0, lowering.naturalLayout(node)) });
}

function binary(kernel: string): Emitter {
  return (node, lowering) => {
    const layout = lowering.naturalLayout(node);
    const [a, b] = [broadcasting(layout, node, 0, lowering), broadcasting(layout, node, 1, lowering)];
    return lowering.call(kernel, { a, b });
  };
}

/** 1 where x > 0. Not the Step kernel: it hands NaN on instead of 0, and tfjs-node's fills host arrays for each call. */
const step: Emitter = (node, lowering) => {
  const x = lowering.input(node, 0, lowering.naturalLayout(node));
  return toFloat(lowering.call('Greater', { a: x, b: lowering.constant(0) }), lowering);
};

/**
 * The Select kernel broadcasts nothing: a condition with one axis chooses whole rows, and tfjs-node wants equal shapes. So
 * all three operands are brought to the result's shape.
 */
const select: Emitter = (node, lowering) => {
  const layout = lowering.naturalLayout(node);
  const shape = arranged(node.shape, layout);
  const operand = (index: number) => {
    const { slot, shape: own } = operandIn(layout, node, index, lowering);
    return lowering.repeat(slot, own, shape);
  };
  return lowering.call('Select', { condition: operand(0), t: operand(1), e: operand(2) });
};

/** max(x, 0) + log(1 + e^(−|x|)): the Softplus kernels of the backends differ in how far they are exact. */
const softplus: Emitter = (node, lowering) => {
  const x = lowering.input(node, 0, lowering.naturalLayout(node));
  const exponential = lowering.call('Exp', { x: lowering.call('Neg', { x: lowering.call('Abs', { x }) }) });
  const rest = lowering.call('Log', { x: lowering.call('Add', { a: exponential, b: lowering.constant(1) }) });
  return lowering.call('Add', { a: lowering.call('Relu', { x }), b: rest });
};

/** Truth values and integers as floating-point numbers. */
export function toFloat(slot: Slot, lowering: Lowering): Slot {
  return lowering.call('Cast', { x: slot }, { dtype: 'float32' });
}

/** Operations that treat every element alone. */
export const emitters: Record<string, Emitter> = {
  constant: (node, lowering) => lowering.constant(numberOf(node, 'value'), node.shape),
  stopGradient: (node, lowering) => lowering.input(node, 0, lowering.naturalLayout(node)),
  toFloat: (node, lowering) => toFloat(lowering.input(node, 0, lowering.naturalLayout(node)), lowering),
  abs: unary('Abs'),
  cos: unary('Cos'),
  erf: unary('Erf'),
  exp: unary('Exp'),
  log: unary('Log'),
  negate: unary('Neg'),
  relu: unary('Relu'),
  sigmoid: unary('Sigmoid'),
  sign: unary('Sign'),
  sin: unary('Sin'),
  sqrt: unary('Sqrt'),
  tanh: unary('Tanh'),
  softplus,
  step,
  add: binary('Add'),
  subtract: binary('Sub'),
  multiply: binary('Multiply'),
  divide: binary('RealDiv'),
  greater: binary('Greater'),
  greaterEqual: binary('GreaterEqual'),
  equal: binary('Equal'),
  select,
};

export const naturalLayouts = Object.fromEntries(
  Object.keys(emitters)
    .filter((name) => name !== 'constant')
    .map((name) => [name, elementwiseLayout]),
);
