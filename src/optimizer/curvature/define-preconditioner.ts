import { ConfigurationError } from '../../errors.js';
import { option, say, setting, type Words } from '../../words.js';
import type { OptimizerDefinition } from '../define-optimizer.js';
import type { OptimizerProfile } from '../profile.js';
import type { Hyperparameters } from '../training.js';
import { chain } from '../transformation.js';
import { addDecayedWeights } from '../transformations/add-decayed-weights.js';
import type { TransformationFactory } from '../update-rule.js';
import { familySchema } from './hyperparameters.js';
import { type FamilySettings, familySettings, type Mode } from './settings.js';
import { CurvatureTraining } from './training.js';

/** A member of the preconditioner family: what it is called, and which first-order optimizer takes its steps. */
export interface PreconditionerDefinition {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** A registered first-order optimizer with the hyperparameter `lr`. */
  readonly inner: OptimizerDefinition;
  readonly mode: Mode;
  /** Where it is known to fail, with figures, in one line. */
  readonly caveat?: string;
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
    throw new ConfigurationError({
      subject: names.name,
      what: `the inner optimizer ${inner.name} is no gradient transformation with the learning rate lr`,
      remedy: 'expected one made by defineOptimizer',
    });
  }
  return {
    ...names,
    hyperparameters: familySchema(mode, inner.hyperparameters),
    ...(inner.profile && { profile: profileOf(mode, inner.profile) }),
    learningRate: 'lr',
    transformation: null,
    minimumStepsPerEpoch: (hyperparameters) => {
      const { restart, needed } = familySettings(mode, hyperparameters);
      return restart.kind === 'epoch' ? needed : { steps: 1, why: 'one step' };
    },
    whenDiverged: (hyperparameters) => remedies(familySettings(mode, hyperparameters)),
    ...(mode === 'preconditioned' ? { timedWith: { lr: SHORT_RATE, scaling: 'relative' } } : {}),
    start: (task, hyperparameters) => {
      const settings = familySettings(mode, hyperparameters);
      const create = withWeightDecay(transformation, settings.weightDecay);
      return CurvatureTraining.start(task, settings, {
        inner: create,
        innerHyperparameters: innerHyperparameters(inner, hyperparameters),
      });
    },
  };
}

/**
 * An epoch has products for the prior's 10 minibatches and, but in the first phase alone, for the 4 further observations. Most
 * is kept while observations gather, 8 vectors; afterwards the preconditioner is as many as its rank.
 */
function profileOf(mode: Mode, inner: OptimizerProfile): OptimizerProfile {
  return {
    ...inner,
    group: 'own',
    productsPerEpoch: mode === 'only-adaptive' ? 10 : 14,
    memory: mode === 'only-adaptive' ? 1 : 8,
    tune: mode === 'tuned' ? ['lr'] : [],
  };
}

/** A first-epoch learning rate with which no seed of ten was lost on mnist_mlp (docs/findings.md). */
const SHORT_RATE = 0.05;

/** Why a member of the family diverges, and what helps: as measured in docs/findings.md. */
function remedies({ mode, applies, scaling }: FamilySettings): Words {
  const lengthens = applies && scaling !== 'relative' && scaling !== 'shorten';
  const lengthening = `its ${scaling} scaling lengthens the step wherever a singular value is below 1`;
  if (mode === 'tuned') {
    const causes = lengthens ? `; ${lengthening}` : '';
    const other = lengthens ? say`, or ${setting('scaling', 'relative')},` : '';
    return say`the given learning rate is too long a step for the preconditioned gradient${causes}: a smaller ${setting('lr')}${other} helps (docs/preconditioner.md)`;
  }
  const causes = `nothing bounds the estimated step size α where gradients lie in flat directions${lengthens ? `, and ${lengthening}` : ''}`;
  const rarely = lengthens ? say`, ${setting('scaling', 'relative')} alone seldom` : '';
  return say`${causes}: a shorter α (${option('lr_schedule_epochs', 0)} ${option('lr_schedule_factors', 0.3)}) or a learning rate for the first epoch (${setting('lr', SHORT_RATE)}) helps${rarely} (docs/preconditioner.md)`;
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
