import { ShapeError } from '../errors.js';
import { add } from './operations/add.js';
import { constant, zeros } from './operations/constant.js';
import { dot } from './operations/dot.js';
import { nodesOf } from './program.js';
import { describe } from './shape-rules.js';
import type { Tensor } from './tensor.js';

/**
 * Reverse-mode derivatives of a scalar with respect to tensors; one tensor of the same shape for each.
 * The results are ordinary tensors and can be differentiated again, to any order.
 * A tensor that the scalar does not depend on gets zeros.
 */
export function gradients(output: Tensor, withRespectTo: readonly Tensor[]): Tensor[] {
  if (output.shape.length !== 0 || output.dtype !== 'float') {
    throw new ShapeError({ subject: 'gradients', found: describe(output), expected: 'a scalar' });
  }
  const nodes = nodesOf([output]);
  const reaching = new Set<Tensor>(withRespectTo);
  for (const node of nodes) {
    if (node.inputs.some((input) => reaching.has(input))) reaching.add(node);
  }
  const gradient = new Map<Tensor, Tensor>([[output, constant(1)]]);
  for (const node of nodes.toReversed()) {
    const ofNode = gradient.get(node);
    if (ofNode === undefined || !node.inputs.some((input) => reaching.has(input))) continue;
    const contributions = node.operation.derivative(node, ofNode);
    node.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (!contribution || !reaching.has(input)) return;
      const soFar = gradient.get(input);
      gradient.set(input, soFar === undefined ? contribution() : add(soFar, contribution()));
    });
  }
  return withRespectTo.map((tensor) => gradient.get(tensor) ?? zeros(tensor.shape));
}

/**
 * The exact Hessian-vector product ∇(vᵀ∇L) (Pearlmutter 1994): given the gradients of a scalar L with respect to the
 * parameters and one vector of each parameter's shape, the product of L's Hessian with the concatenated vector.
 */
export function hessianVectorProduct(
  gradientsOfLoss: readonly Tensor[],
  parameters: readonly Tensor[],
  vectors: readonly Tensor[],
): Tensor[] {
  const products = gradientsOfLoss.map((gradient, index) => {
    const vector = vectors[index];
    if (vector === undefined)
      throw new ShapeError({ subject: 'hessianVectorProduct', what: `vector ${index} is missing` });
    return dot(gradient, vector);
  });
  return gradients(
    products.reduce((total, product) => add(total, product), constant(0)),
    parameters,
  );
}
