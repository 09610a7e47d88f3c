import { ShapeError } from '../../errors.js';
import { describe, lengthOf, numbersOf } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';

export const transposeOperation: Operation = {
  name: 'transpose',
  derivative: (node, gradient) => [
    () => {
      const permutation = numbersOf(node, 'permutation');
      return transpose(
        gradient,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      );
    },
  ],
};

/** Axis i of the result is axis `permutation[i]` of the operand; by default the axes are reversed. */
export function transpose(operand: Tensor, permutation?: readonly number[]): Tensor {
  const axes = permutation ?? operand.shape.map((_, axis) => operand.shape.length - 1 - axis);
  if (axes.length !== operand.shape.length || !operand.shape.every((_, axis) => axes.includes(axis))) {
    throw new ShapeError({
      subject: 'transpose',
      what: `[${axes.join(', ')}] is not a permutation of the axes of ${describe(operand)}`,
    });
  }
  const shape = axes.map((axis) => lengthOf(operand, axis));
  return createTensor(transposeOperation, [operand], { permutation: [...axes] }, shape, operand.dtype);
}
