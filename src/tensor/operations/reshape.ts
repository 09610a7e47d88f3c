import { ShapeError } from '../../errors.js';
import { describe, inputOf } from '../shape-rules.js';
import { createTensor, type Operation, type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';

export const reshapeOperation: Operation = {
  name: 'reshape',
  derivative: (node, gradient) => [() => reshape(gradient, inputOf(node, 0).shape)],
};

/** The same elements in row-major order under another shape. */
export function reshape(operand: Tensor, shape: Shape): Tensor {
  if (sizeOf(shape) !== sizeOf(operand.shape)) {
    throw new ShapeError({
      subject: 'reshape',
      what: `${describe(operand)} has not as many elements as [${shape.join(', ')}]`,
    });
  }
  if (sameShape(operand.shape, shape)) return operand;
  return createTensor(reshapeOperation, [operand], { shape: [...shape] }, shape, operand.dtype);
}

/** All elements as one vector. */
export function flatten(operand: Tensor): Tensor {
  return reshape(operand, [sizeOf(operand.shape)]);
}
