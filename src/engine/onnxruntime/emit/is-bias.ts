import { lengthOf, sizeOf, type Tensor } from '../../../tensor/index.js';

/** A bias: one number per channel (axis 1) of the result. */
export function isBias(operand: Tensor, node: Tensor): boolean {
  if (node.shape.length < 2 || sizeOf(operand.shape) !== lengthOf(node, 1)) return false;
  const channelAxis = operand.shape.length - (node.shape.length - 1);
  return channelAxis >= 0 && operand.shape[channelAxis] === lengthOf(node, 1);
}
