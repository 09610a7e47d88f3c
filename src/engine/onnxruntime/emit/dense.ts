import type { Tensor } from '../../../tensor/index.js';
import type { Emitter, Lowering } from '../lowering.js';

/** A matrix product, with an optional addend that broadcasts to its shape. */
export function emitProduct(node: Tensor, lowering: Lowering, addend?: string): string {
  const inputs = [lowering.input(node, 0), lowering.input(node, 1), ...(addend === undefined ? [] : [addend])];
  return lowering.graph.add('Gemm', inputs, {
    transA: node.attributes.transposeA === true ? 1 : 0,
    transB: node.attributes.transposeB === true ? 1 : 0,
  });
}

export const emitters: Record<string, Emitter> = {
  matmul: (node, lowering) => emitProduct(node, lowering),
};
