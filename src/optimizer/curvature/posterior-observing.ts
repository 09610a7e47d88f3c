import type { TrainingTask } from '../training.js';
import { layerBlocks } from './blocks.js';
import type { Estimator } from './estimators/estimator.js';
import { expectationOf } from './expectation.js';
import { compileFactor } from './factor.js';
import type { Layers } from './layers.js';
import type { Observing, ObservingState } from './observing.js';
import { compilePosterior } from './posterior.js';
import { newestColumns, type PosteriorState, takesPart } from './posterior-state.js';
import { columnsAtMost, type FamilySettings } from './settings.js';

/** Phases 2 and 3 of active probabilistic inference: m − 1 further columns of S and Y, then singular vectors layer by layer. */
export async function compilePosteriorObserving(
  task: TrainingTask,
  layers: Layers,
  estimator: Estimator,
  settings: FamilySettings,
): Promise<Observing> {
  const { observations, weightDecay, rank, applies, priorIterations, calibrates, auto, warm, restart } = settings;
  const posterior = await compilePosterior(task, layers.list, estimator, {
    observations,
    weightDecay,
    startsFresh: settings.estimator === 'author',
    scores: calibrates,
    auto,
    warm,
  });
  const factor = await compileFactor(task.engine, layers.list, {
    rank,
    observations: columnsAtMost(settings),
    lifts: applies,
  });
  const compares = restart.kind === 'uncertain';
  return {
    get compileSeconds() {
      return posterior.compileSeconds + factor.compileSeconds;
    },
    blocks: layerBlocks(layers),
    begin: async ({ groups, first, noise, carried }) => {
      if (groups.every(({ usable }) => !usable)) return null;
      const priors = groups.map(({ usable, measured }) => (usable ? measured : null));
      return posterior.begin({ first, minibatches: priorIterations, priors, noise, carried });
    },
    use: async (state, feeds) => ({
      loss: await posterior.use(ofPosterior(state), feeds),
      counts: { gradients: 1, products: 1 },
    }),
    finish: async (state, groups) => {
      const own = ofPosterior(state);
      if (own.columns < observations && own.enough !== true) return null;
      const parts = own.layers.map((layer) => (takesPart(layer) ? layer : null));
      const carried = warm === null ? null : parts.map((layer) => layer && newestColumns(layer, warm.columns));
      const expectations = compares
        ? parts.map((layer, index) => {
            const prior = own.priors[layers.list[index]?.group ?? -1] ?? null;
            if (layer === null || prior === null) return null;
            // The column of phase 1 is the first one that is new; its length there was ‖αḡ‖.
            const place = layer.s.length - own.columns;
            const length = (layer.observations.lengths[place] ?? Number.NaN) / prior.alpha;
            return expectationOf(layer, layer.mean, prior, { length, place });
          })
        : null;
      const kept = new Set([
        ...(carried ?? []).flatMap((layer) => (layer === null ? [] : [...layer.s, ...layer.y])),
        ...(expectations ?? []).flatMap((layer) => layer?.s ?? []),
      ]);
      return {
        groups,
        factors: await factor.compute(own, kept),
        ...(calibrates && { scores: parts.map((layer) => layer?.scores ?? null) }),
        ...((auto || warm !== null) && { used: usedBy(own, warm !== null) }),
        ...(carried && { carried }),
        ...(expectations && { expectations }),
      };
    },
  };
}

/** Observations of the estimation, and the most that any layer has from before. */
function usedBy({ columns, layers }: PosteriorState, isWarm: boolean) {
  const earlier = layers.map((layer) => (takesPart(layer) ? layer.s.length - columns : 0));
  return { observations: columns, ...(isWarm && { carried: Math.max(0, ...earlier) }) };
}

function ofPosterior(state: ObservingState): PosteriorState {
  if (!('priors' in state)) throw new RangeError('the state is that of another estimator');
  return state;
}
