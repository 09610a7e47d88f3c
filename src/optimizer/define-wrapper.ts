import type { z } from 'zod';
import { ConfigurationError } from '../errors.js';
import { option } from '../words.js';
import { startAroundSteps } from './around-steps.js';
import type { OptimizerDefinition, ScheduleProgress } from './define-optimizer.js';
import { startFirstOrder } from './first-order.js';
import { type WrapperProfile, wrappedProfile } from './profile.js';
import type { Hyperparameters } from './training.js';
import type { Transformation } from './transformation.js';
import type { TransformationFactory } from './update-rule.js';

/** What can be put around an optimizer: averages, clipping, lookahead, … */
export interface WrapperDefinition {
  /** Name on the command line: `--optimizer "name(adam)"`. */
  readonly name: string;
  /** In result folders and tables: `ClassName(Adam)`. */
  readonly className: string;
  /** A few words for `list optimizers`. */
  readonly description: string;
  /** Every name begins with the wrapper's, so that no two parts of an optimizer have the same. */
  readonly hyperparameters: z.ZodObject;
  readonly profile: WrapperProfile;
  /** Whether it only makes sense around an optimizer with a learning rate. */
  readonly needsLearningRate?: boolean;
  /**
   * What it does with steps that are taken already, by optimizers that are no gradient transformation: it reads where they lead, or says
   * where the parameters go instead. Absent: it needs the gradients.
   */
  readonly steps?: 'reads' | 'moves';
  /** The transformation around another. */
  readonly wrap: (inner: Transformation, hyperparameters: Hyperparameters) => Transformation;
}

/** Makes a wrapper of its hyperparameters (zod) and the transformation around another that they give. */
export function defineWrapper<S extends z.ZodObject>(
  definition: Omit<WrapperDefinition, 'hyperparameters' | 'wrap'> & {
    readonly hyperparameters: S;
    readonly wrap: (inner: Transformation, hyperparameters: z.output<S>) => Transformation;
  },
): WrapperDefinition {
  const { wrap } = definition;
  // The schema has validated the hyperparameters, so that they have the shape that the definition states.
  return { ...definition, wrap: (inner, hyperparameters) => wrap(inner, hyperparameters as never) };
}

/**
 * An optimizer with a wrapper around it: an optimizer like others, with the hyperparameters of both. Throws
 * ConfigurationError where they do not fit.
 */
export function wrapOptimizer(wrapper: WrapperDefinition, inner: OptimizerDefinition): OptimizerDefinition {
  const name = `${wrapper.name}(${inner.name})`;
  const { transformation: create, learningRate = 'lr' in inner.hyperparameters.shape ? 'lr' : null } = inner;
  const refused = (why: string) => new ConfigurationError({ subject: option('optimizer', name), what: why });
  const { steps } = wrapper;
  if (!create && steps === undefined) {
    throw refused(
      `${wrapper.name} changes gradients, and ${inner.name} takes its steps itself; expected an optimizer that is a gradient transformation (docs/optimizers.md)`,
    );
  }
  if (!create && steps === 'moves' && !inner.movable) {
    throw refused(
      `${wrapper.name} moves the parameters, and ${inner.name} needs them where its own steps lead; expected another optimizer, or a wrapper that averages (docs/optimizers.md)`,
    );
  }
  if (wrapper.needsLearningRate && learningRate === null) {
    throw refused(`${inner.name} has no learning rate, which ${wrapper.name} needs; expected an optimizer with one`);
  }
  const { shape } = inner.hyperparameters;
  const both = Object.keys(wrapper.hyperparameters.shape).find((key) => key in shape);
  if (both !== undefined) {
    throw refused(
      `${inner.name} has the hyperparameter ${both} itself, expected each wrapper once, around an optimizer without it`,
    );
  }
  const around = (transformation: Transformation, hyperparameters: Hyperparameters) =>
    wrapper.wrap(transformation, pick(hyperparameters, wrapper.hyperparameters));
  const transformation: TransformationFactory | null =
    create &&
    ((hyperparameters, rate) => around(create(pick(hyperparameters, inner.hyperparameters), rate), hyperparameters));
  const ofInner = (hyperparameters: Hyperparameters) => pick(hyperparameters, inner.hyperparameters);
  return {
    name,
    className: `${wrapper.className}(${inner.className})`,
    description: `${inner.description}; ${wrapper.description}`,
    hyperparameters: inner.hyperparameters.safeExtend(wrapper.hyperparameters.shape),
    learningRate,
    ...(inner.profile && { profile: wrappedProfile(inner.profile, wrapper.profile) }),
    ...(inner.minimumStepsPerEpoch && {
      minimumStepsPerEpoch: (given: Hyperparameters) =>
        inner.minimumStepsPerEpoch?.(ofInner(given)) ?? { steps: 1, why: 'one step' },
    }),
    ...(inner.whenDiverged && {
      whenDiverged: (given: Hyperparameters) => inner.whenDiverged?.(ofInner(given)) ?? null,
    }),
    ...(inner.schedule && {
      schedule: (progress: ScheduleProgress, given: Hyperparameters) => inner.schedule?.(progress, ofInner(given)) ?? 1,
    }),
    ...(inner.timedWith && { timedWith: inner.timedWith }),
    ...(inner.movable && { movable: true }),
    transformation,
    start: async (task, hyperparameters) => {
      if (transformation !== null) return startFirstOrder(task, hyperparameters, { transformation, learningRate });
      const lr = learningRate === null ? null : hyperparameters[learningRate];
      return startAroundSteps(task, await inner.start(task, ofInner(hyperparameters)), {
        wrap: (taken) => around(taken, hyperparameters),
        moves: steps === 'moves',
        lr: typeof lr === 'number' ? lr : null,
      });
    },
  };
}

/** The hyperparameters that a schema declares. */
function pick(hyperparameters: Hyperparameters, { shape }: z.ZodObject): Hyperparameters {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, hyperparameters[name] ?? null]));
}
