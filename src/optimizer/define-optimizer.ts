import type { z } from 'zod';
import { startFirstOrder } from './first-order.js';
import type { HyperparameterValue } from './hyperparameters.js';
import type { Hyperparameters, Training, TrainingTask } from './training.js';
import type { Setting, SymbolicSetting, Transformation } from './transformation.js';
import { inPart } from './user-code.js';

/** A registered optimizer. */
export interface OptimizerDefinition {
  /** Name on the command line. */
  readonly name: string;
  /** Name in result folders and files, as DeepOBS uses the class name. */
  readonly className: string;
  /** One sentence for `list optimizers`. */
  readonly description: string;
  readonly hyperparameters: z.ZodObject;
  /** Minibatches per epoch that the optimizer needs at least; a smaller number is a configuration error. */
  minimumStepsPerEpoch?(hyperparameters: Hyperparameters): { readonly steps: number; readonly why: string };
  /** What to try when a run diverges, and why, in one line; null where there is nothing to say. */
  whenDiverged?(hyperparameters: Hyperparameters): string | null;
  /** Where it is known to fail, with figures, in one line for `list optimizers`. */
  readonly caveat?: string;
  /** Hyperparameters that `runtime` times it with unless others are given: such that it finishes, and costs the same. */
  readonly timedWith?: Readonly<Record<string, HyperparameterValue>>;
  /** The gradient transformation of a first-order optimizer; null for one that needs more than gradients. */
  readonly transformation: ((settings: Readonly<Record<string, SymbolicSetting>>) => Transformation) | null;
  start(task: TrainingTask, hyperparameters: Hyperparameters): Promise<Training>;
}

/** Numeric hyperparameters become inputs of the program; others stay what they are. */
export type SymbolicSettings<H> = { readonly [K in keyof H]: H[K] extends number ? Setting : H[K] };

/** What defines a first-order optimizer. */
export interface FirstOrderDefinition<S extends z.ZodObject> {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** `lr` among them if the transformation scales by the learning rate. */
  readonly hyperparameters: S;
  readonly transformation: (settings: SymbolicSettings<z.output<S>>) => Transformation;
}

/** Makes a first-order optimizer of its hyperparameters (zod) and the transformation that they give. */
export function defineOptimizer<S extends z.ZodObject>(definition: FirstOrderDefinition<S>): OptimizerDefinition {
  // The schema has validated the hyperparameters, so that the settings have the shape that the definition states.
  const create = definition.transformation as unknown as NonNullable<OptimizerDefinition['transformation']>;
  const transformation = inParts(create);
  return {
    ...definition,
    transformation,
    start: (task, hyperparameters) => startFirstOrder(task, hyperparameters, transformation),
  };
}

/** The same transformation; an error in it remembers which of its functions threw it. */
function inParts(create: NonNullable<OptimizerDefinition['transformation']>): typeof create {
  return (settings) =>
    inPart('transformation', () => {
      const transformation: Transformation = create(settings);
      const { init, update, hostScalars } = transformation ?? {};
      if (typeof init !== 'function' || typeof update !== 'function') {
        throw new TypeError('it returns no { init, update }, as chain(…) and stateless(…) give');
      }
      return {
        ...transformation,
        init: (parameters) => inPart('init', () => init.call(transformation, parameters)),
        update: (updates, context) => inPart('update', () => update.call(transformation, updates, context)),
        ...(hostScalars === undefined
          ? {}
          : { hostScalars: (t, numbers) => inPart('hostScalars', () => hostScalars.call(transformation, t, numbers)) }),
      };
    });
}
