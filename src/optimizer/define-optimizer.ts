import type { z } from 'zod';
import { ConfigurationError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import { inPart } from '../user-file/user-code.js';
import type { Words } from '../words.js';
import { startFirstOrder } from './first-order.js';
import type { HyperparameterValue } from './hyperparameters.js';
import type { OptimizerProfile } from './profile.js';
import type { Hyperparameters, Training, TrainingTask } from './training.js';
import type { Transformation } from './transformation.js';
import type { TransformationFactory } from './update-rule.js';

/** Where a training is when it asks for a factor; `step` and `epoch` count from 0. */
export interface ScheduleProgress {
  readonly step: number;
  /** Of the whole training. */
  readonly steps: number;
  readonly epoch: number;
  readonly stepsPerEpoch: number;
}

/** A registered optimizer. */
export interface OptimizerDefinition {
  /** Name on the command line. */
  readonly name: string;
  /** Name in result folders and files, as DeepOBS uses the class name. */
  readonly className: string;
  /** One sentence for `list optimizers`. */
  readonly description: string;
  readonly hyperparameters: z.ZodObject;
  /** Group, costs, memory and what to tune; every registered optimizer states it, users' files may. */
  readonly profile?: OptimizerProfile;
  /** The hyperparameter that is the learning rate, which schedules scale; absent or null where there is none. */
  readonly learningRate?: string | null;
  /** The optimizer's own schedule: the factor on its learning rate in a step. Others cannot be put on top of it. */
  schedule?(progress: ScheduleProgress, hyperparameters: Hyperparameters): number;
  /** Minibatches per epoch that the optimizer needs at least; a smaller number is a configuration error. */
  minimumStepsPerEpoch?(hyperparameters: Hyperparameters): { readonly steps: number; readonly why: string };
  /** What to try when a run diverges, and why, in one line; null where there is nothing to say. */
  whenDiverged?(hyperparameters: Hyperparameters): Words | null;
  /** Where it is known to fail, with figures, in one line for `list optimizers`. */
  readonly caveat?: string;
  /** Hyperparameters that `runtime` times it with unless others are given: such that it finishes, and costs the same. */
  readonly timedWith?: Readonly<Record<string, HyperparameterValue>>;
  /** Whether its trainings can be moved between two steps ({@link Training.moveTo}). */
  readonly movable?: boolean;
  /** The gradient transformation of a first-order optimizer; null for one whose steps are no such thing. */
  readonly transformation: TransformationFactory | null;
  start(task: TrainingTask, hyperparameters: Hyperparameters): Promise<Training>;
}

/**
 * Hyperparameters as a transformation is given them: the learning rate as a scalar of the program, which follows the
 * schedule, everything else as it is.
 */
export type TransformationArguments<H, L> = { readonly [K in keyof H]: K extends L ? Tensor : H[K] };

/** What defines a first-order optimizer. */
export interface FirstOrderDefinition<S extends z.ZodObject, L extends string> {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** Where it is known to be slow or to fail, in one line for `list optimizers`. */
  readonly caveat?: string;
  readonly hyperparameters: S;
  readonly profile?: OptimizerProfile;
  /**
   * The hyperparameter that is the learning rate: the transformation is given it as a tensor, times the factor of the
   * schedule. Default: `lr`, if there is one. With null the optimizer has no learning rate and cannot be scheduled.
   */
  readonly learningRate?: L | null;
  /** The factor on the learning rate in a step; absent where runs choose their schedules. */
  readonly schedule?: (progress: ScheduleProgress, hyperparameters: Hyperparameters) => number;
  readonly transformation: (hyperparameters: TransformationArguments<z.output<S>, L>) => Transformation;
}

/** Makes a first-order optimizer of its hyperparameters (zod) and the transformation that they give. */
export function defineOptimizer<S extends z.ZodObject, L extends string = 'lr'>(
  definition: FirstOrderDefinition<S, L>,
): OptimizerDefinition {
  const learningRate = learningRateOf(definition);
  const transformation = inParts((hyperparameters, rate) => {
    const scheduled = learningRate === null || rate === null ? {} : { [learningRate]: rate };
    // The schema has validated the hyperparameters, so that they have the shape that the definition states.
    return definition.transformation({ ...hyperparameters, ...scheduled } as never);
  });
  return {
    ...definition,
    learningRate,
    transformation,
    start: (task, hyperparameters) => startFirstOrder(task, hyperparameters, { transformation, learningRate }),
  };
}

/** The same transformation; an error in it remembers which of its functions threw it. */
function inParts(create: TransformationFactory): TransformationFactory {
  return (hyperparameters, rate) =>
    inPart('transformation', () => {
      const transformation: Transformation = create(hyperparameters, rate);
      if (typeof transformation?.init !== 'function' || typeof transformation.update !== 'function') {
        throw new TypeError('it returns no { init, update }, as chain(…) and stateless(…) give');
      }
      const named = transformation as unknown as Readonly<Record<string, unknown>>;
      // Those of a class stand on its prototype.
      const functions = [...new Set(['init', 'update', ...Object.keys(named)])].flatMap((part) => {
        const body = named[part];
        if (typeof body !== 'function') return [];
        const tagged = (...given: unknown[]) => inPart(part, () => body.apply(transformation, given) as unknown);
        return [[part, tagged] as const];
      });
      return { ...transformation, ...Object.fromEntries(functions) };
    });
}

/**
 * The hyperparameter that is the learning rate: the one that the definition states, else `lr` if there is one, else none.
 * Throws ConfigurationError where the stated one is no hyperparameter.
 */
export function learningRateOf(definition: {
  readonly name: string;
  readonly hyperparameters: z.ZodObject;
  readonly learningRate?: string | null;
}): string | null {
  const { name, hyperparameters } = definition;
  const { learningRate = 'lr' in hyperparameters.shape ? 'lr' : null } = definition;
  if (learningRate !== null && !(learningRate in hyperparameters.shape)) {
    const names = Object.keys(hyperparameters.shape).join(', ');
    throw new ConfigurationError({
      subject: name,
      found: `the learning rate ${learningRate}`,
      expected: `one of ${names}`,
    });
  }
  return learningRate;
}
