import type { z } from 'zod';
import { learningRateOf, type OptimizerDefinition, type ScheduleProgress } from '../define-optimizer.js';
import type { OptimizerProfile } from '../profile.js';
import type { Hyperparameters } from '../training.js';
import type { HostRule } from './host-rule.js';
import { startHostOptimizer } from './training.js';

/** What defines an optimizer whose steps run on the host. */
export interface HostOptimizerDefinition<H extends z.ZodObject, S> {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  readonly hyperparameters: H;
  readonly profile?: OptimizerProfile;
  /** The hyperparameter that is the learning rate; default: `lr`, if there is one. */
  readonly learningRate?: (keyof z.output<H> & string) | null;
  /** The factor on the learning rate in a step; absent where runs choose their schedules. */
  readonly schedule?: (progress: ScheduleProgress, hyperparameters: Hyperparameters) => number;
  readonly rule: (hyperparameters: z.output<H>) => HostRule<S>;
}

/**
 * Makes an optimizer whose step is a function on the host: line searches, conjugate gradients, trust regions. What it asks
 * of the minibatch and of the vector algebra runs on the engine. The rule keeps nothing outside of its state.
 */
export function defineHostOptimizer<H extends z.ZodObject, S>(
  definition: HostOptimizerDefinition<H, S>,
): OptimizerDefinition {
  const { rule, ...names } = definition;
  const learningRate = learningRateOf(definition);
  return {
    ...names,
    learningRate,
    transformation: null,
    movable: true,
    start: (task, hyperparameters) => {
      const lr = learningRate === null ? null : hyperparameters[learningRate];
      return startHostOptimizer(task, rule(hyperparameters as z.output<H>), typeof lr === 'number' ? lr : null);
    },
  };
}
