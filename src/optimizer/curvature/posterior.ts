import { Matrix } from 'ml-matrix';
import { allFinite } from '../../curvature/symmetric-eigen.js';
import type { Value } from '../../engine/index.js';
import { at, present } from '../../expect.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import { appending, columnInputs, columnValues, newColumn } from './appending.js';
import { type Carrying, compileCarrying } from './carrying.js';
import type { Estimator } from './estimators/estimator.js';
import { scoreOf } from './estimators/prediction.js';
import type { GroupPrior } from './group-prior.js';
import type { Layer } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import { isExplainedByNoise } from './observation-rule.js';
import { type NewColumn, noObservations, widened, withColumn } from './observations.js';
import {
  type CarriedColumns,
  type LayerPosterior,
  type LeftOut,
  type PosteriorState,
  takesPart,
} from './posterior-state.js';
import type { FirstColumn } from './prior.js';
import type { WarmStart } from './settings.js';

/** What a posterior is made with. */
export interface PosteriorOptions {
  /** m, at most. */
  readonly observations: number;
  readonly weightDecay: number;
  /** The first column is that of phase 1, or, where that has none, −αg of the first minibatch of phase 2. */
  readonly startsFresh: boolean;
  /** Whether each observation is compared with what was expected of it. */
  readonly scores: boolean;
  /** Whether it says when noise explains the remaining variance. */
  readonly auto: boolean;
  readonly warm: WarmStart | null;
}

/** What phase 2 starts with. */
export interface PosteriorStart {
  readonly first: readonly FirstColumn[];
  /** Of phase 1. */
  readonly minibatches: number;
  readonly priors: readonly (GroupPrior | null)[];
  /** For each layer the variance over minibatches of the curvature along the mean gradient; null where it is not measured. */
  readonly noise: readonly number[] | null;
  /** Of each layer what is left of the estimation before; null where nothing is. */
  readonly carried: readonly (CarriedColumns | null)[] | null;
}

/**
 * Phase 2: on each of m−1 minibatches the direction s = B̂⁻¹g of every layer, the product y = H·s + μs with the
 * concatenated s, and both appended; no parameter update. Without a column of phase 1 on each of m.
 */
export interface Posterior {
  readonly compileSeconds: number;
  /**
   * Starts with the first column of phase 1, whose direction is −αḡ, unless it starts fresh; after the columns that are left
   * of before.
   */
  begin(start: PosteriorStart): Promise<PosteriorState>;
  /** Uses one minibatch; returns its loss. */
  use(state: PosteriorState, feeds: BatchFeeds): Promise<number>;
}

/** Compiles the phase's programs. */
export async function compilePosterior(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  estimator: Estimator,
  { observations: m, weightDecay, startsFresh, scores, auto, warm }: PosteriorOptions,
): Promise<Posterior> {
  // Columns that can be there before the last one is appended.
  const capacity = Math.max(m - 1, startsFresh ? 1 : 0) + (warm?.columns ?? 0);
  const inputs = columnInputs(layers, capacity);
  const append =
    m === 1 && !startsFresh
      ? null
      : await compileMeasuring(engine, inputs, appending(problem.loss, layers, inputs, weightDecay), {
          memory: 'sparing',
        });
  const carrying: Carrying | null = warm === null ? null : await compileCarrying(engine, layers, warm.columns);
  return {
    compileSeconds: (append?.compileSeconds ?? 0) + (carrying?.compileSeconds ?? 0),
    begin: async ({ first, minibatches, priors, noise, carried }) => {
      const earlier = layers.map((_, index) => widenedColumns(carried?.[index] ?? null, warm));
      const products = await carrying?.products(first, earlier);
      return {
        columns: startsFresh ? 0 : 1,
        priors,
        ...(noise && { noise }),
        layers: layers.map(({ group }, index) => {
          const prior = at(priors, group);
          const { s, y, total, sy, yy } = at(first, index);
          if (prior === null || s === null || y === null) return { leftOut: 'its group is not estimated' };
          if (startsFresh) return withoutColumns(prior);
          const length = (prior.alpha * Math.sqrt(total)) / minibatches;
          const none = { ss: [], sy: [], ys: [], yy: [] };
          const column = { length, ...(products?.[index] ?? none), ownSy: sy, ownYy: yy };
          return extended(estimator, at(earlier, index), prior, { s, y, column });
        }),
      };
    },
    use: async (state, feeds) => {
      const observe = present(append, 'the program of phase 2');
      const { values, numbers } = await observe.run(columnValues(engine, layers, capacity, state), feeds);
      const variances: { remaining: number; noise: number }[] = [];
      state.layers = layers.map(({ group }, index) => {
        const [layer, prior] = [at(state.layers, index), at(state.priors, group)];
        if (!takesPart(layer) || prior === null) return layer;
        const column = newColumn(at(numbers.columns, index), capacity, layer.s.length);
        const next = extended(estimator, layer, prior, { ...at(values, index), column });
        if (!takesPart(next) || (!scores && !auto)) return next;
        const score = scoreOf(layer.mean, prior, column);
        variances.push({ remaining: prior.w ** 2 * score.remaining, noise: state.noise?.[index] ?? 0 });
        return scores ? { ...next, scores: [...(layer.scores ?? []), score] } : next;
      });
      if (auto) state.enough = isExplainedByNoise(variances);
      state.columns += 1;
      return at(numbers.loss, 0);
    },
  };
}

const nothing: CarriedColumns = { s: [], y: [], observations: noObservations };

function widenedColumns(carried: CarriedColumns | null, warm: WarmStart | null): CarriedColumns {
  if (carried === null || warm === null) return nothing;
  return { ...carried, observations: widened(carried.observations, warm.widening) };
}

/** B̂ = I/α: the first direction is αg. */
function withoutColumns({ alpha }: GroupPrior): LayerPosterior {
  const none = Matrix.zeros(0, 0);
  return { s: [], y: [], observations: noObservations, mean: { shift: 1 / alpha, weights: none }, correction: none };
}

/** The layer with one more column, or left out where that gives no finite X and next direction. */
function extended(
  estimator: Estimator,
  { s, y, observations }: CarriedColumns,
  prior: GroupPrior,
  next: { readonly s: Value; readonly y: Value; readonly column: NewColumn },
): LayerPosterior | LeftOut {
  if (!(next.column.length > 0)) return { leftOut: observations.lengths.length === 0 ? 'ḡ = 0' : '‖s‖ = 0' };
  const all = withColumn(observations, next.column);
  const mean = estimator.posteriorMean(all, prior);
  const correction = estimator.correction(all, mean, prior);
  if (![all.ss, all.sy, all.yy, mean.weights, correction].every(allFinite)) return { leftOut: 'X is not finite' };
  return { s: [...s, next.s], y: [...y, next.y], observations: all, mean, correction };
}
