import { at } from '../../../expect.js';
import { inputOf, lengthOf, numberOf, numbersOf, sameShape, sizeOf } from '../../../tensor/index.js';
import type { Emitter, Lowering } from '../lowering.js';
import { usesDilatedConvolution } from './weight-gradient.js';

/** From this length on, a sum of float32 numbers one after the other loses digits that matter (1e-4 for 3 million squares). */
const longSum = 16_384;

/** The sum of rows of sums: each partial sum stays small, so that its rounding does, and the rows are summed in parallel. */
function twoStageSum(name: string, size: number, lowering: Lowering): string {
  let rows = Math.floor(Math.sqrt(size));
  while (size % rows !== 0) rows -= 1;
  const { graph } = lowering;
  const sums = graph.add('ReduceSum', [lowering.view(name, [rows, size / rows]), graph.integers([1])], { keepdims: 0 });
  return graph.add('ReduceSum', [sums, graph.integers([0])], { keepdims: 0 });
}

/** Rearrangements, reductions along axes and the few integer operations. */
export const emitters: Record<string, Emitter> = {
  reshape: (node, lowering) => lowering.view(lowering.input(node, 0), node.shape),
  // `simplify` leaves none; a program that was not simplified runs all the same.
  stopGradient: (node, lowering) => lowering.input(node, 0),
  transpose: (node, lowering) => lowering.transpose(lowering.input(node, 0), numbersOf(node, 'permutation')),
  broadcastTo: (node, lowering) =>
    lowering.graph.add('Expand', [lowering.input(node, 0), lowering.graph.integers(node.shape)]),
  concatenate: (node, lowering) =>
    lowering.graph.add(
      'Concat',
      node.inputs.map((part) => lowering.value(part)),
      { axis: numberOf(node, 'axis') },
    ),
  slice: (node, lowering) => {
    const { graph } = lowering;
    const [begin, end] = [numbersOf(node, 'begin'), numbersOf(node, 'end')];
    const operand = inputOf(node, 0);
    const axes = operand.shape.flatMap((length, axis) => (node.shape[axis] === length ? [] : [axis]));
    const along = (bounds: readonly number[]) => graph.integers(axes.map((axis) => at(bounds, axis)));
    return graph.add('Slice', [lowering.value(operand), along(begin), along(end), graph.integers(axes)]);
  },
  pad: (node, lowering) => {
    const amounts = [...numbersOf(node, 'before'), ...numbersOf(node, 'after')];
    return lowering.graph.add('Pad', [lowering.input(node, 0), lowering.graph.integers(amounts)]);
  },
  sum: (node, lowering) => {
    const { graph } = lowering;
    const operand = inputOf(node, 0);
    const axes = numbersOf(node, 'axes');
    const keepdims = node.attributes.keepDims === true ? 1 : 0;
    const perChannel = operand.shape.length === 4 && sameShape(axes, [0, 2, 3]) && keepdims === 0;
    const transposedAnyway = lowering.consumersOf(operand).some((user) => usesDilatedConvolution(user, lowering));
    if (perChannel && transposedAnyway) {
      const rows = lowering.view(lowering.value(operand, 'channelsFirst'), [lengthOf(operand, 1), -1]);
      return graph.add('ReduceSum', [rows, graph.integers([1])], { keepdims });
    }
    const size = sizeOf(operand.shape);
    if (node.shape.length === 0 && size >= longSum) return twoStageSum(lowering.value(operand), size, lowering);
    return graph.add('ReduceSum', [lowering.value(operand), graph.integers(axes)], { keepdims });
  },
  argmax: (node, lowering) => {
    const index = lowering.graph.add('ArgMax', [lowering.input(node, 0)], { axis: 1, keepdims: 0 });
    return lowering.graph.add('Cast', [index], { to: 6 });
  },
  oneHot: (node, lowering) => {
    const { graph } = lowering;
    const classes = Array.from({ length: numberOf(node, 'classes') }, (_, index) => index);
    const labels = lowering.view(lowering.input(node, 0), [lengthOf(node, 0), 1]);
    return graph.add('Cast', [graph.add('Equal', [labels, graph.labels(classes)])], { to: 1 });
  },
  logSoftmax: (node, lowering) => lowering.graph.add('LogSoftmax', [lowering.input(node, 0)], { axis: 1 }),
};
