import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive, positiveInteger } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { scaleByShampoo } from '../transformations/scale-by-shampoo.js';

/**
 * Shampoo (Gupta, Koren & Singer 2018) with grafting and in blocks (Anil et al. 2020; Shi et al. 2023, whose example this
 * setting follows). The paper's own algorithm: --grafting none --beta1 0 --beta2 1 --epsilon 1e-4 --interval 1.
 */
export default defineOptimizer({
  name: 'shampoo',
  className: 'Shampoo',
  description: 'gradients between roots of their second moments, by rows and columns, with the norm of Adam',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.001),
    beta1: fraction().default(0.9).describe('decay of the average of gradients'),
    beta2: z.number().min(0).max(1).default(0.999).describe('decay of the second moments; 1: their sums'),
    epsilon: positive().default(1e-12).describe('added to the second moments'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ'),
    grafting: z.enum(['none', 'sgd', 'adam']).default('adam').describe('whose norm the step of each tensor gets'),
    block_size: positiveInteger().default(128).describe('largest side of a block'),
    interval: positiveInteger().default(100).describe('steps between two computations of the roots'),
  }),
  profile: {
    group: 'second-order',
    gradients: 1,
    memory: 2,
    furtherMemory: 'two square matrices and their roots for each block, together about four vectors or more',
    tune: ['lr'],
  },
  transformation: ({ lr, beta1, beta2, epsilon, weight_decay, grafting, block_size, interval }) =>
    chain(
      scaleByShampoo({ beta1, beta2, epsilon, grafting, blockSize: block_size, interval }),
      addDecayedWeights(weight_decay),
      scaleByLearningRate(lr),
    ),
});
