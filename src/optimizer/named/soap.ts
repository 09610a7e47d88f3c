import { z } from 'zod';
import { add, multiply, subtract, zeros } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive, positiveInteger } from '../hyperparameters.js';
import { chain, stateless } from '../transformation.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { scaleBySoap } from '../transformations/scale-by-soap.js';

/** SOAP (Vyas et al. 2024): Adam in the eigenbases of Shampoo's second moments; decoupled weight decay behind the step. */
export default defineOptimizer({
  name: 'soap',
  className: 'SOAP',
  description: "Adam in the eigenbases of Shampoo's second moments",
  caveat:
    'products with square matrices as wide as each axis in every step; --max-dim 1024 leaves longer axes as they are',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.003),
    beta1: fraction().default(0.95).describe('decay of the first moment'),
    beta2: fraction().default(0.95).describe("decay of the second moment, and of the axes' second moments"),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    weight_decay: nonNegative().default(0.01).describe('decoupled weight decay λ'),
    interval: positiveInteger().default(10).describe('steps between two turns of the bases'),
    max_dim: positiveInteger().default(10_000).describe('longest axis that has a basis'),
  }),
  profile: {
    group: 'second-order',
    gradients: 1,
    memory: 2,
    furtherMemory: 'two square matrices for each axis',
    tune: ['lr'],
  },
  transformation: ({ lr, weight_decay, interval, max_dim, ...moments }) =>
    chain(
      scaleBySoap({ ...moments, interval, maxDim: max_dim }),
      scaleByLearningRate(lr),
      stateless((update, parameter, { when }) => {
        if (when((t) => t === 1)) return zeros(update.shape);
        return subtract(update, multiply(add(parameter, update), multiply(lr, weight_decay)));
      }),
    ),
});
