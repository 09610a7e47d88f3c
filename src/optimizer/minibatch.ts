import { ShapeError } from '../errors.js';
import { at } from '../expect.js';
import {
  describe,
  gradients,
  hessianVectorProduct,
  sameShape,
  stopGradient,
  substitute,
  type Tensor,
} from '../tensor/index.js';
import type { EvaluationCounts } from './evaluation-counts.js';
import type { LossAndGradients } from './update-context.js';

/** The loss of a minibatch as a function of some of the parameters, with exact derivatives; each evaluation is counted. */
export interface SymbolicMinibatch {
  readonly loss: Tensor;
  lossAt(point: readonly Tensor[]): Tensor;
  gradientsAt(point: readonly Tensor[]): LossAndGradients;
  hessianVectorProduct(vector: readonly Tensor[], point?: readonly Tensor[]): Tensor[];
}

/**
 * The minibatch's loss as seen by a rule that trains `parameters`. State and noise of the network are inputs, the same for
 * every evaluation. `gradient`: the loss' gradient at the parameters, which is counted elsewhere.
 */
export function symbolicMinibatch(
  loss: Tensor,
  parameters: readonly Tensor[],
  gradient: readonly Tensor[],
  counts: EvaluationCounts,
): SymbolicMinibatch {
  const moved = (point: readonly Tensor[]) => {
    const fixed = expectLike(parameters, point, 'point').map(stopGradient);
    const replacements = new Map(parameters.map((parameter, index) => [parameter, fixed[index] ?? parameter]));
    const [there = loss] = substitute([loss], replacements);
    return { fixed, loss: there };
  };
  return {
    loss,
    lossAt: (point) => {
      counts.losses += 1;
      return moved(point).loss;
    },
    gradientsAt: (point) => {
      counts.gradients += 1;
      const { fixed, loss: there } = moved(point);
      return { loss: there, gradients: gradients(there, fixed) };
    },
    hessianVectorProduct: (vector, point) => {
      counts.products += 1;
      const fixed = expectLike(parameters, vector, 'vector').map(stopGradient);
      if (point === undefined) return hessianVectorProduct(gradient, parameters, fixed);
      const there = moved(point);
      return hessianVectorProduct(gradients(there.loss, there.fixed), there.fixed, fixed);
    },
  };
}

function expectLike(parameters: readonly Tensor[], tensors: readonly Tensor[], what: string): readonly Tensor[] {
  const expected = (index: number) => describe(at(parameters, index));
  if (tensors.length !== parameters.length) {
    throw new ShapeError({
      what: `the ${what} has ${tensors.length} tensors`,
      expected: `${parameters.length}, one for each parameter`,
    });
  }
  for (const [index, tensor] of tensors.entries()) {
    if (!sameShape(tensor.shape, at(parameters, index).shape)) {
      throw new ShapeError({
        what: `tensor ${index} of the ${what} is ${describe(tensor)}`,
        expected: expected(index),
      });
    }
  }
  return tensors;
}
