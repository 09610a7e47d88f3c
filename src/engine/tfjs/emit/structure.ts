import { at } from '../../../expect.js';
import { inputOf, numberOf, numbersOf, type Tensor } from '../../../tensor/index.js';
import { type Emitter, type Layout, type Lowering, positionOf } from '../lowering.js';

const reshape: Emitter = (node, lowering) => lowering.view(lowering.input(node, 0), node.shape);

const transpose: Emitter = (node, lowering) =>
  lowering.transpose(lowering.input(node, 0), inputOf(node, 0).shape, numbersOf(node, 'permutation'));

const slice: Emitter = (node, lowering) =>
  lowering.call('Slice', { x: lowering.input(node, 0) }, { begin: numbersOf(node, 'begin'), size: node.shape });

const pad: Emitter = (node, lowering) => {
  const [before, after] = [numbersOf(node, 'before'), numbersOf(node, 'after')];
  const paddings = node.shape.map((_, axis) => [at(before, axis), after[axis] ?? 0]);
  return lowering.call('PadV2', { x: lowering.input(node, 0) }, { paddings, constantValue: 0 });
};

const concatenate: Emitter = (node, lowering) =>
  lowering.call(
    'Concat',
    node.inputs.map((part) => lowering.value(part)),
    { axis: numberOf(node, 'axis') },
  );

const broadcastTo: Emitter = (node, lowering) =>
  lowering.repeat(lowering.input(node, 0), inputOf(node, 0).shape, node.shape);

/** Whether the axes that a sum leaves come in their own order from an image with its channels last. */
function leavesOrder(node: Tensor): boolean {
  const summed = numbersOf(node, 'axes');
  const left = [0, 2, 3, 1].filter((axis) => !summed.includes(axis) && inputOf(node, 0).shape[axis] !== 1);
  return left.every((axis, index) => index === 0 || at(left, index - 1) < axis);
}

/** Images are summed as they lie, if the result needs no rearranging. */
function summedLayout(node: Tensor, lowering: Lowering): Layout {
  const image = lowering.naturalLayout(inputOf(node, 0)) === 'channelsLast';
  return image && (node.attributes.keepDims === true || leavesOrder(node)) ? 'channelsLast' : 'plain';
}

const sum: Emitter = (node, lowering) => {
  const layout = summedLayout(node, lowering);
  const axes = numbersOf(node, 'axes');
  const axis = layout === 'plain' ? axes : axes.map((place) => positionOf(place, layout)).sort((a, b) => a - b);
  return lowering.call('Sum', { x: lowering.input(node, 0, layout) }, { axis, keepDims: node.attributes.keepDims });
};

/** Operations that move, repeat or add up elements. */
export const emitters: Record<string, Emitter> = {
  reshape,
  transpose,
  slice,
  pad,
  concatenate,
  broadcastTo,
  sum,
};

export const naturalLayouts: Record<string, (node: Tensor, lowering: Lowering) => Layout> = {
  sum: (node, lowering) => (node.attributes.keepDims === true ? summedLayout(node, lowering) : 'plain'),
};
