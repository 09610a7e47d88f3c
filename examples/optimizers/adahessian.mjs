import { defineOptimizer, learningRate, tensor, z } from 'probprec';

const { abs, add, divide, multiply, negate, sqrt, square, sum, zeros } = tensor;
const average = (m, x, beta) => m.map((tensor, index) => add(multiply(tensor, beta), multiply(x[index], 1 - beta)));
/** |Hz|, in a convolution's kernel the mean over its rows and columns. */
const magnitude = (product) => {
  const [, , rows, columns] = product.shape;
  return columns ? divide(sum(abs(product), [2, 3], { keepDims: true }), rows * columns) : abs(product);
};

/** AdaHessian (Yao et al. 2021): Adam with Hutchinson's estimate of the Hessian's diagonal in the place of g². */
export default defineOptimizer({
  name: 'my-adahessian',
  className: 'MyAdaHessian',
  description: "Adam with an estimate of the Hessian's diagonal",
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.15),
    beta1: z.number().min(0).lt(1).default(0.9).describe('decay of the first moment'),
    beta2: z.number().min(0).lt(1).default(0.999).describe('decay of the squared diagonal'),
    epsilon: z.number().positive().default(1e-4).describe('added to the root'),
  }),
  transformation: ({ lr, beta1, beta2, epsilon }) => ({
    init: (parameters) => {
      const nothing = parameters.map(({ shape }) => zeros(shape));
      return { first: nothing, second: nothing };
    },
    update: (gradients, { state, parameters, random, hessianVectorProduct, scalar }) => {
      const probes = parameters.map(({ shape }) => random('probe', 'rademacher', shape));
      const diagonal = hessianVectorProduct(probes).map((product) => square(magnitude(product)));
      const first = average(state.first, gradients, beta1);
      const second = average(state.second, diagonal, beta2);
      const [c1, c2] = [scalar((t) => 1 - beta1 ** t), scalar((t) => 1 - beta2 ** t)];
      const root = second.map((tensor) => add(sqrt(divide(tensor, c2)), epsilon));
      return {
        updates: first.map((m, i) => negate(multiply(divide(divide(m, c1), root[i]), lr))),
        state: { first, second },
      };
    },
  }),
});
