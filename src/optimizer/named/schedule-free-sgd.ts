import { z } from 'zod';
import { defineOptimizer } from '../define-optimizer.js';
import { learningRate, nonNegative } from '../hyperparameters.js';
import { stateless } from '../transformation.js';
import { scheduleFree } from '../transformations/schedule-free.js';

/** Schedule-free SGD (Defazio et al. 2024, algorithm 1): the average x of the iterates z is evaluated, the gradient taken between. */
export default defineOptimizer({
  name: 'schedule-free-sgd',
  className: 'ScheduleFreeSGD',
  description: 'SGD whose average replaces the learning-rate schedule',
  hyperparameters: z.strictObject({
    lr: learningRate().default(1),
    beta: z.number().min(0).max(1).default(0.9).describe('how close to the average the gradient is taken'),
    weight_decay: nonNegative().default(0).describe('decoupled weight decay λ'),
    warmup_steps: z.int().min(0).default(0).describe('first steps, in which the learning rate grows linearly'),
    r: nonNegative().default(0).describe("power of the step number in the average's weights"),
  }),
  profile: { group: 'classical', gradients: 1, memory: 2, tune: ['lr'] },
  transformation: ({ lr, beta, weight_decay, warmup_steps, r }) =>
    scheduleFree(
      stateless((gradient) => gradient),
      { lr, beta, weightDecay: weight_decay, warmupSteps: warmup_steps, power: r },
    ),
});
