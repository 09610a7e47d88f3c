import { type CompiledFunction, compileFunction } from '../../engine/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { NetworkState } from '../network-state.js';
import type { Hyperparameters, TrainingTask } from '../training.js';
import type { TransformationFactory } from '../update-rule.js';
import { layerBlocks } from './blocks.js';
import { isPublished, publishedEstimators } from './estimators/registered.js';
import { compileRitzObserving } from './krylov/ritz-observing.js';
import type { Layers } from './layers.js';
import { compileNoise, type Noise } from './noise.js';
import type { Observing } from './observing.js';
import { compilePosteriorObserving } from './posterior-observing.js';
import { compilePrior, type Prior } from './prior.js';
import { compileSafeguard, type Safeguard } from './safeguard.js';
import { columnsAtMost, type FamilySettings } from './settings.js';
import { compileSteps, type Steps } from './steps.js';
import { compileWatching, type Watching } from './uncertainty.js';

/** The compiled phases of a training. */
export interface Programs {
  readonly prior: Prior;
  /** Null where phase 1 is all there is. */
  readonly observing: Observing | null;
  /** The loss alone, for minibatches that pass without a step. */
  readonly loss: CompiledFunction<object, Tensor> | null;
  /** The states of the network that move on with minibatches that take no step; null where there are none. */
  readonly passing: CompiledFunction<object, Readonly<Record<string, Tensor>>> | null;
  readonly steps: Steps;
  readonly safeguard: Safeguard | null;
  /** Null where λ is that of phase 1. */
  readonly noise: Noise | null;
  /** Null where gradients are not compared with what the posterior expects. */
  readonly watching: Watching | null;
}

/** The first-order optimizer that takes the steps. */
export interface InnerOptimizer {
  readonly inner: TransformationFactory;
  readonly innerHyperparameters: Hyperparameters;
}

/** Compiles every program that the mode needs. */
export async function compilePrograms(
  task: TrainingTask,
  settings: FamilySettings,
  layers: Layers,
  network: NetworkState,
  optimizer: InnerOptimizer,
): Promise<Programs> {
  const { engine, problem } = task;
  const { builds, applies, idles, rank, weightDecay, restart } = settings;
  const measuresDrift = restart.kind === 'drift';
  const observes = builds || measuresDrift || settings.safeguard !== null;
  const prior = await compilePrior(task, layers.list, {
    weightDecay,
    observes,
    squares: settings.estimator === 'author',
  });
  const observing = builds ? await compileObserving(task, layers, settings) : null;
  const blocks = observing?.blocks ?? layerBlocks(layers);
  const stepRank = applies ? rank : 0;
  const every = settings.safeguard;
  const watching =
    restart.kind === 'uncertain' ? await compileWatching(engine, layers.list, columnsAtMost(settings)) : null;
  return {
    prior,
    observing,
    loss: idles ? await compileFunction(engine, {}, problem.loss) : null,
    passing: Object.keys(network.passing).length > 0 ? await compileFunction(engine, {}, network.passing) : null,
    steps: await compileSteps(task, network, layers, {
      ...optimizer,
      rank: stepRank,
      blocks,
      weightDecay,
      measuresDrift,
      watching,
    }),
    watching,
    noise:
      settings.noiseProducts > 0
        ? await compileNoise(task, layers.list, { weightDecay, measuresCurvature: settings.auto })
        : null,
    safeguard:
      every === null ? null : await compileSafeguard(task, layers, blocks, { rank: stepRank, weightDecay, every }),
  };
}

function compileObserving(task: TrainingTask, layers: Layers, settings: FamilySettings): Promise<Observing> {
  const { estimator } = settings;
  return isPublished(estimator)
    ? compilePosteriorObserving(task, layers, publishedEstimators[estimator], settings)
    : compileRitzObserving(task, layers, settings);
}

/** Seconds spent on compiling them so far. */
export function compileSecondsOf(programs: Programs): number {
  const { prior, observing, loss, passing, steps, safeguard, noise, watching } = programs;
  const parts = [prior, observing, loss, passing, steps, safeguard, noise, watching];
  return parts.reduce((total, part) => total + (part?.compileSeconds ?? 0), 0);
}
