import { ShapeError } from '../errors.js';
import { add, constant, dot, gradients, sameShape, stopGradient, type Tensor } from '../tensor/index.js';

/**
 * The product of the Gauss-Newton matrix JᵀH_out J with a vector: J is the Jacobian of the outputs with respect to the
 * parameters, H_out the Hessian of the loss with respect to the outputs (Schraudolph 2002). Forward-mode products come from
 * reverse mode twice: Jv = ∂/∂u (Jᵀu)ᵀv, where u is a dummy of which the result does not depend.
 *
 * The outputs must determine the loss and must not depend on one another. What the loss has of the parameters directly, such
 * as an L2 term, is not in the product.
 */
export function gaussNewtonProduct(
  loss: Tensor,
  outputs: readonly Tensor[],
  parameters: readonly Tensor[],
  vectors: readonly Tensor[],
): Tensor[] {
  const fits =
    vectors.length === parameters.length && vectors.every((v, i) => sameShape(v.shape, parameters[i]?.shape ?? []));
  if (!fits) throw new ShapeError('gaussNewtonProduct: expected one vector of each parameter’s shape');
  const dummies = outputs.map(({ shape }) => constant(0, shape));
  const alongOutputs = gradients(sumOfProducts(outputs, dummies), parameters);
  const forward = gradients(sumOfProducts(alongOutputs, vectors.map(stopGradient)), dummies);
  const curved = gradients(sumOfProducts(gradients(loss, outputs), forward.map(stopGradient)), outputs);
  return gradients(sumOfProducts(outputs, curved.map(stopGradient)), parameters);
}

function sumOfProducts(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.reduce<Tensor>((sum, tensor, index) => {
    const other = b[index];
    return other === undefined ? sum : add(sum, dot(tensor, other));
  }, constant(0));
}
