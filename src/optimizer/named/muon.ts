import { z } from 'zod';
import { multiply } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive, positiveInteger } from '../hyperparameters.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import { masked, type ParameterInfo } from '../transformations/masked.js';
import { scaleByAdam } from '../transformations/scale-by-adam.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';
import { scaleByMuon } from '../transformations/scale-by-muon.js';

const hidden = ({ kind }: ParameterInfo) => kind === 'matrix' || kind === 'kernel';

/**
 * Muon (Jordan et al. 2024): momentum whose matrices are orthogonalised by five Newton–Schulz iterations, for hidden matrices and
 * convolutions' kernels. Biases, gains, embeddings and the output layer are trained by AdamW, as its author prescribes.
 */
export default defineOptimizer({
  name: 'muon',
  className: 'Muon',
  description: 'orthogonalised momentum for hidden matrices and kernels, AdamW for the rest',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.02),
    momentum: fraction().default(0.95).describe('decay μ of the average of gradients'),
    nesterov: z.boolean().default(true).describe("Nesterov's correction"),
    iterations: positiveInteger().default(5).describe('Newton–Schulz iterations'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ of all parameters'),
    adam_ratio: nonNegative().default(0.015).describe("AdamW's learning rate in units of lr"),
    beta1: fraction().default(0.9).describe("decay of AdamW's first moment"),
    beta2: fraction().default(0.95).describe("decay of AdamW's second moment"),
    epsilon: positive().default(1e-10).describe("added to the root of AdamW's second moment"),
  }),
  profile: { group: 'second-order', gradients: 1, memory: 1, tune: ['lr'] },
  transformation: ({ lr, weight_decay, adam_ratio, beta1, beta2, epsilon, ...muon }) => {
    const decay = addDecayedWeights(weight_decay);
    const adamw = chain(scaleByAdam({ beta1, beta2, epsilon }), decay, scaleByLearningRate(multiply(lr, adam_ratio)));
    return chain(
      masked(chain(scaleByMuon(muon), decay, scaleByLearningRate(lr)), hidden),
      masked(adamw, (parameter) => !hidden(parameter)),
    );
  },
});
