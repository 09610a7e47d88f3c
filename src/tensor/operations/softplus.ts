import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { multiply } from './multiply.js';
import { sigmoid } from './sigmoid.js';

/** Its derivative is the logistic function, at 0 as well, where a composite of |x| would give 0 instead of ½. */
export const softplusOperation: Operation = {
  name: 'softplus',
  derivative: (node, gradient) => [() => multiply(gradient, sigmoid(inputOf(node, 0)))],
};

/** log(1 + eˣ), elementwise, without overflow: engines compute max(x, 0) + log(1 + e^(−|x|)). */
export function softplus(operand: Tensor): Tensor {
  requireFloat('softplus', operand);
  return createTensor(softplusOperation, [operand], {}, operand.shape, 'float');
}
