import { createTensor, type DType, type Operation, type Shape, type Tensor } from '../tensor.js';

export const inputOperation: Operation = { name: 'input', derivative: () => [] };

/** A named place for values that are fed when the program runs: parameters, state, data, settings. */
export function input(name: string, shape: Shape, dtype: DType = 'float'): Tensor {
  return createTensor(inputOperation, [], { name }, shape, dtype);
}
