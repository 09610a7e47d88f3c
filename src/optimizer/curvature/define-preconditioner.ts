import { ConfigurationError } from '../../errors.js';
import type { OptimizerDefinition } from '../define-optimizer.js';
import type { Hyperparameters } from '../training.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import type { TransformationFactory } from '../update-rule.js';
import { familySchema, familySettings, type Mode } from './hyperparameters.js';
import { CurvatureTraining } from './training.js';

/** A member of the preconditioner family: what it is called, and which first-order optimizer takes its steps. */
export interface PreconditionerDefinition {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** A registered first-order optimizer with the hyperparameter `lr`. */
  readonly inner: OptimizerDefinition;
  readonly mode: Mode;
}

/**
 * Makes an optimizer that estimates the Hessian by active probabilistic inference (F. de Roos, P. Hennig, AISTATS 2019;
 * L. Bald, BSc thesis, Tübingen 2019) and lets a first-order optimizer take the steps:
 * - `preconditioned`: its gradient preconditioned, its learning rate the estimated step size α;
 * - `adaptive`: only its learning rate is α; the preconditioner is built and not applied;
 * - `only-adaptive`: the same from phase 1 alone, nothing else is built;
 * - `tuned`: its gradient preconditioned, its learning rate given.
 */
export function definePreconditioner({ inner, mode, ...names }: PreconditionerDefinition): OptimizerDefinition {
  const { transformation } = inner;
  if (transformation === null || inner.learningRate !== 'lr') {
    throw new ConfigurationError(
      `${names.name}: the inner optimizer ${inner.name} is no gradient transformation with the learning rate lr; expected one made by defineOptimizer`,
    );
  }
  return {
    ...names,
    hyperparameters: familySchema(mode, inner.hyperparameters),
    learningRate: 'lr',
    transformation: null,
    minimumStepsPerEpoch: (hyperparameters) => {
      const { restart, needed } = familySettings(mode, hyperparameters);
      return restart.kind === 'epoch' ? needed : { steps: 1, why: 'one step' };
    },
    start: (task, hyperparameters) => {
      const settings = familySettings(mode, hyperparameters);
      const create = withWeightDecay(transformation, settings.weightDecay);
      return CurvatureTraining.start(task, settings, create, innerHyperparameters(inner, hyperparameters));
    },
  };
}

/** μ is added to the gradient after the preconditioning, as the inner optimizer's own weight decay does. */
function withWeightDecay(inner: TransformationFactory, weightDecay: number): TransformationFactory {
  return weightDecay === 0 ? inner : (settings, rate) => chain(addDecayedWeights(weightDecay), inner(settings, rate));
}

/** The inner optimizer's share; each step replaces `lr`. */
function innerHyperparameters(inner: OptimizerDefinition, values: Hyperparameters): Hyperparameters {
  const names = Object.keys(inner.hyperparameters.shape).filter((name) => name !== 'lr');
  return { lr: 0, ...Object.fromEntries(names.map((name) => [name, values[name] ?? null])) };
}
