import type { Tensor } from '../../../tensor/index.js';
import type { Emitter, Lowering } from '../lowering.js';

/** A matrix product, with an optional addend that broadcasts to its shape; stacks of matrices take none. */
export function emitProduct(node: Tensor, lowering: Lowering, addend?: string): string {
  const operands = [lowering.input(node, 0), lowering.input(node, 1)];
  const flags = {
    transA: node.attributes.transposeA === true ? 1 : 0,
    transB: node.attributes.transposeB === true ? 1 : 0,
  };
  if (node.shape.length > 2) return lowering.graph.add('FusedMatMul', operands, flags, 'com.microsoft');
  return lowering.graph.add('Gemm', addend === undefined ? operands : [...operands, addend], flags);
}

export const emitters: Record<string, Emitter> = {
  matmul: (node, lowering) => emitProduct(node, lowering),
};
