import { defineOptimizer, learningRate, tensor, z } from 'probprec';

const { add, constant, divide, maximum, multiply, square, subtract } = tensor;
/** a + c (b − a) for each tensor of two lists. */
const towards = (a, b, c) => a.map((tensor, index) => add(tensor, multiply(subtract(b[index], tensor), c)));

/**
 * Schedule-free SGD (Defazio et al. 2024): the gradient is taken at y = βx + (1 − β)z, z ← z − η g, and the average x of the
 * z, weighted by the squares of the largest learning rates so far, is evaluated.
 */
export default defineOptimizer({
  name: 'my-schedule-free-sgd',
  className: 'MyScheduleFreeSGD',
  description: 'SGD whose average replaces the learning-rate schedule',
  hyperparameters: z.strictObject({
    lr: learningRate(),
    beta: z.number().min(0).max(1).default(0.9).describe('how close to the average the gradient is taken'),
  }),
  transformation: ({ lr, beta }) => ({
    init: (parameters) => ({ z: parameters, x: parameters, weights: constant(0), largest: constant(0) }),
    update: (gradients, { state, parameters }) => {
      const largest = maximum(state.largest, lr);
      const weights = add(state.weights, square(largest));
      const next = state.z.map((z, index) => subtract(z, multiply(gradients[index], lr)));
      const x = towards(state.x, next, divide(square(largest), weights));
      const y = towards(next, x, beta);
      return {
        updates: y.map((tensor, index) => subtract(tensor, parameters[index])),
        state: { z: next, x, weights, largest },
      };
    },
    evaluationPoint: ({ x }) => x,
  }),
});
