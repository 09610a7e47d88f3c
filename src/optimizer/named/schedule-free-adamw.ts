import { z } from 'zod';
import { add, divide, sqrt, square } from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { fraction, learningRate, nonNegative, positive } from '../hyperparameters.js';
import { averaged, eachOf, zerosLike } from '../tensor-lists.js';
import { stateful } from '../transformation.js';
import { scheduleFree } from '../transformations/schedule-free.js';

/** g / (√v̂ + ε), v̂ the bias-corrected average of g². */
const scaleByRoot = (beta2: number, epsilon: number) =>
  stateful({
    init: (parameters) => ({ second: zerosLike(parameters) }),
    update: (gradients, { state, scalar }) => {
      const second = averaged(state.second, gradients.map(square), beta2);
      const correction = scalar((t) => 1 - beta2 ** t);
      const updates = eachOf([gradients, second], (g, v) => divide(g, add(sqrt(divide(v, correction)), epsilon)));
      return { updates, state: { second } };
    },
  });

/** Schedule-free AdamW (Defazio et al. 2024, algorithm 2): the direction is g / (√v̂ + ε), the average takes the place of momentum. */
export default defineOptimizer({
  name: 'schedule-free-adamw',
  className: 'ScheduleFreeAdamW',
  description: 'AdamW whose average replaces the learning-rate schedule',
  hyperparameters: z.strictObject({
    lr: learningRate().default(0.0025),
    beta1: z.number().min(0).max(1).default(0.9).describe('how close to the average the gradient is taken'),
    beta2: fraction().default(0.999).describe('decay of the second moment'),
    epsilon: positive().default(1e-8).describe('added to the root of the second moment'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ, at the point of the gradient'),
    warmup_steps: z.int().min(0).default(0).describe('first steps, in which the learning rate grows linearly'),
    r: nonNegative().default(0).describe("power of the step number in the average's weights"),
  }),
  profile: { group: 'classical', gradients: 1, memory: 3, tune: ['lr'] },
  transformation: ({ lr, beta1, beta2, epsilon, weight_decay, warmup_steps, r }) =>
    scheduleFree(scaleByRoot(beta2, epsilon), {
      lr,
      beta: beta1,
      weightDecay: weight_decay,
      warmupSteps: warmup_steps,
      power: r,
    }),
});
