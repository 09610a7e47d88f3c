import { at } from '../expect.js';
import { addOperation } from './operations/add.js';
import { concatenate, concatenateOperation } from './operations/concatenate.js';
import { pad, padOperation } from './operations/slice.js';
import { inputOf, lengthOf, numberOf, numbersOf } from './shape-rules.js';
import { sameShape, type Tensor } from './tensor.js';

/** A tensor that is zero but for a slab along one axis: the padding of `operand` from `begin` on. */
interface Slab {
  readonly operand: Tensor;
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

function slabOf(node: Tensor): Slab | undefined {
  if (node.operation !== padOperation) return undefined;
  const operand = inputOf(node, 0);
  const axes = node.shape.flatMap((length, axis) => (operand.shape[axis] === length ? [] : [axis]));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) return undefined;
  const begin = at(numbersOf(node, 'before'), axis);
  return { operand, axis, begin, end: begin + lengthOf(operand, axis) };
}

/**
 * The sum of two padded tensors that lie side by side is both of them in a row, padded. So the gradient of a tensor that
 * was cut into pieces, such as the steps of a recurrent network, is put together once and not added up piece by piece.
 */
export function adjacentSlabs(node: Tensor): Tensor {
  if (node.operation !== addOperation) return node;
  const [a, b] = [slabOf(inputOf(node, 0)), slabOf(inputOf(node, 1))];
  const sameSpace = node.inputs.every(({ shape }) => sameShape(shape, node.shape));
  if (a === undefined || b === undefined || a.axis !== b.axis || !sameSpace) return node;
  if (a.end !== b.begin && b.end !== a.begin) return node;
  const [first, second] = a.end === b.begin ? [a, b] : [b, a];
  const { axis } = first;
  const along = (amount: number) => node.shape.map((_, place) => (place === axis ? amount : 0));
  const row = concatenate([first.operand, second.operand], axis);
  return pad(row, along(first.begin), along(lengthOf(node, axis) - second.end));
}

/** A row in a row is one row. */
export function nestedConcatenations(node: Tensor): Tensor {
  if (node.operation !== concatenateOperation) return node;
  const axis = numberOf(node, 'axis');
  const isRow = (part: Tensor) => part.operation === concatenateOperation && numberOf(part, 'axis') === axis;
  if (!node.inputs.some(isRow)) return node;
  return concatenate(
    node.inputs.flatMap((part) => (isRow(part) ? part.inputs : [part])),
    axis,
  );
}
