import { inputOf, lengthOf, sizeOf, type Tensor } from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';
import { emitConvolution } from './convolution.js';
import { emitProduct } from './dense.js';

/** A bias: one number per channel (axis 1) of the result. */
function isBias(operand: Tensor, node: Tensor): boolean {
  if (node.shape.length < 2 || sizeOf(operand.shape) !== lengthOf(node, 1)) return false;
  const channelAxis = operand.shape.length - (node.shape.length - 1);
  return channelAxis >= 0 && operand.shape[channelAxis] === lengthOf(node, 1);
}

/**
 * The sum of a convolution or matrix product and a bias as one operator, optionally with the ReLU that follows (`relu` is
 * then that node). Exact: the operators add the bias and clamp in their epilogue. `undefined` where nothing can be fused.
 */
export function emitAffine(node: Tensor, lowering: Lowering, withRelu: boolean, relu?: Tensor): string | undefined {
  if (!lowering.options.fuse) return undefined;
  if (withRelu && !lowering.usedOnce(node)) return undefined;
  if (node.operation.name === 'conv2d') return withRelu ? emitConvolution(node, lowering, { relu }) : undefined;
  if (node.operation.name !== 'add') return undefined;
  for (const [product, bias] of [node.inputs, node.inputs.toReversed()]) {
    if (product === undefined || bias === undefined || !isBias(bias, node) || !lowering.usedOnce(product)) continue;
    const name = () => lowering.view(lowering.value(bias), [sizeOf(bias.shape)]);
    if (product.operation.name === 'conv2d') return emitConvolution(product, lowering, { bias: name(), relu });
    if (product.operation.name === 'matmul' && !withRelu) return emitProduct(product, lowering, name());
    if (product.operation.name === 'matmul')
      return lowering.graph.add('Relu', [emitProduct(product, lowering, name())]);
  }
  return undefined;
}

/** What may be fused into a convolution: an affine node's product, for deciding its layout. */
export function affineProduct(node: Tensor, lowering: Lowering): Tensor | undefined {
  const affine = node.operation.name === 'relu' ? inputOf(node, 0) : node;
  if (affine.operation.name === 'conv2d') return affine;
  if (affine.operation.name !== 'add' || !lowering.options.fuse) return undefined;
  return affine.inputs.find((input) => input.operation.name === 'conv2d');
}
