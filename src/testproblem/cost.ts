import { lengthOf, nodesOf, sizeOf, type Tensor } from '../tensor/index.js';
import type { TestProblem } from './test-problem.js';

/** Batch normalisation needs two examples. */
const batchSize = 2;

/** Multiply-adds of one forward pass for one example, in matrix products and convolutions. */
export function multiplyAdds(problem: TestProblem): number {
  const { loss } = problem.build(batchSize);
  return nodesOf([loss]).reduce((sum, node) => sum + ownMultiplyAdds(node), 0) / batchSize;
}

function ownMultiplyAdds(node: Tensor): number {
  const [left, right] = node.inputs;
  if (left === undefined || right === undefined) return 0;
  switch (node.operation.name) {
    case 'matmul':
      return sizeOf(node.shape) * lengthOf(left, node.attributes.transposeA === true ? -2 : -1);
    case 'conv2d':
      return sizeOf(node.shape) * sizeOf(right.shape.slice(1));
    case 'conv2dInputGradient':
      return sizeOf(left.shape) * sizeOf(right.shape.slice(1));
    default:
      return 0;
  }
}

/** What an epoch of training takes on a processor of 100 GFLOP/s: the order of magnitude, as a word. */
export type CostClass = 'seconds' | 'minutes' | 'hours';

/** The cost class of an epoch over so many examples: gradients take three times the forward pass, of two operations each. */
export function costClass(problem: TestProblem, trainingExamples: number): CostClass {
  const seconds = (6 * multiplyAdds(problem) * trainingExamples) / 1e11;
  if (seconds < 60) return 'seconds';
  return seconds < 3600 ? 'minutes' : 'hours';
}
