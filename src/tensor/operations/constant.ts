import { createTensor, type Operand, type Operation, type Shape, type Tensor } from '../tensor.js';

export const constantOperation: Operation = { name: 'constant', derivative: () => [] };

/** A tensor whose elements all have the same value. Engines keep it a scalar that broadcasts. */
export function constant(value: number, shape: Shape = []): Tensor {
  return createTensor(constantOperation, [], { value }, shape, 'float');
}

/** A tensor of zeros. */
export function zeros(shape: Shape): Tensor {
  return constant(0, shape);
}

/** The operand as a tensor; a number becomes a constant scalar. */
export function asTensor(operand: Operand): Tensor {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** Whether the tensor is a constant with this value. */
export function isConstant(tensor: Tensor, value: number): boolean {
  return tensor.operation === constantOperation && tensor.attributes.value === value;
}
