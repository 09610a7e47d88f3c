import { defineOptimizer, learningRate, scaleByLearningRate, tensor, z } from 'probprec';

const { add, divide, dot, multiply, sqrt } = tensor;

/**
 * Sharpness-aware minimisation (Foret et al. 2021) around any transformation: it is given the gradients of the same
 * minibatch at θ + ρ g/‖g‖.
 */
export const sharpnessAware = (inner, { rho }) => ({
  ...inner,
  update: (gradients, context) => {
    const squares = gradients.map((gradient) => dot(gradient, gradient)).reduce((sum, term) => add(sum, term));
    const scale = divide(rho, add(sqrt(squares), 1e-12));
    const point = context.parameters.map((parameter, index) => add(parameter, multiply(gradients[index], scale)));
    return inner.update(context.gradientsAt(point).gradients, context);
  },
});

export default defineOptimizer({
  name: 'my-sam',
  className: 'MySAM',
  description: 'SGD with the gradient at the worst point near by',
  hyperparameters: z.strictObject({
    lr: learningRate(),
    rho: z.number().min(0).default(0.05).describe('distance at which the second gradient is taken'),
  }),
  transformation: ({ lr, rho }) => sharpnessAware(scaleByLearningRate(lr), { rho }),
});
