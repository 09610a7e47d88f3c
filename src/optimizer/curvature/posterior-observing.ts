import type { TrainingTask } from '../training.js';
import { layerBlocks } from './blocks.js';
import type { Estimator } from './estimators/estimator.js';
import { compileFactor } from './factor.js';
import type { FamilySettings } from './hyperparameters.js';
import type { Layers } from './layers.js';
import type { Observing, ObservingState } from './observing.js';
import { compilePosterior, type PosteriorState, takesPart } from './posterior.js';

/** Phases 2 and 3 of active probabilistic inference: m − 1 further columns of S and Y, then singular vectors layer by layer. */
export async function compilePosteriorObserving(
  task: TrainingTask,
  layers: Layers,
  estimator: Estimator,
  { observations, weightDecay, rank, applies, priorIterations, estimator: name, calibrates }: FamilySettings,
): Promise<Observing> {
  const posterior = await compilePosterior(task, layers.list, estimator, {
    observations,
    weightDecay,
    startsFresh: name === 'author',
    scores: calibrates,
  });
  const factor = await compileFactor(task.engine, layers.list, { rank, observations, lifts: applies });
  return {
    get compileSeconds() {
      return posterior.compileSeconds + factor.compileSeconds;
    },
    blocks: layerBlocks(layers),
    begin: async ({ groups, first }) => {
      if (groups.every(({ usable }) => !usable)) return null;
      const priors = groups.map(({ usable, measured }) => (usable ? measured : null));
      return posterior.begin(first, priorIterations, priors);
    },
    use: async (state, feeds) => ({
      loss: await posterior.use(ofPosterior(state), feeds),
      counts: { gradients: 1, products: 1 },
    }),
    finish: async (state, groups) => {
      const own = ofPosterior(state);
      if (own.columns < observations) return null;
      const scores = own.layers.map((layer) => (takesPart(layer) ? (layer.scores ?? null) : null));
      return { groups, factors: await factor.compute(own), ...(calibrates && { scores }) };
    },
  };
}

function ofPosterior(state: ObservingState): PosteriorState {
  if (!('priors' in state)) throw new RangeError('the state is that of another estimator');
  return state;
}
