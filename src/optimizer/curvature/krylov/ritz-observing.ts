import { joined, type KrylovSpace, krylovSpace, type Vector } from '../../../curvature/index.js';
import { compileFunction, type Engine, type Value } from '../../../engine/index.js';
import { at } from '../../../expect.js';
import type { BatchFeeds, TrainingTask } from '../../training.js';
import { type Block, groupBlocks } from '../blocks.js';
import type { FactorOrNot } from '../factor.js';
import type { GroupEstimate } from '../group-estimates.js';
import type { Layer, Layers } from '../layers.js';
import type { Observing, ObservingState } from '../observing.js';
import { type Preconditioner, preconditionerValue } from '../preconditioner.js';
import type { FirstColumn } from '../prior.js';
import type { FamilySettings } from '../settings.js';
import { compileBlockProducts } from './block-products.js';
import { type ComplementMoments, compileComplement } from './complement.js';
import { krylovDirections } from './krylov.js';
import { oracleDirections } from './oracle.js';
import { ritzFactor } from './ritz-factor.js';
import type { RitzState } from './ritz-state.js';
import { trackingWith } from './tracking.js';

/** Of the m − 1 minibatches of phase 2 so many measure the complement: a fifth, at least one. */
function complementShare(observations: number): number {
  return Math.max(1, Math.floor((observations - 1) / 5));
}

/**
 * Phases 2 and 3 of the estimators with one basis for all tensors of a group: most of the m − 1 minibatches find the
 * directions, from a Krylov space that starts with the mean gradient of phase 1; the last ones, by products with the
 * gradient's part off these directions, the step size there: α⊥ = Σ g⊥ᵀHg⊥ / Σ ‖(I − UUᵀ)Hg⊥‖².
 */
export async function compileRitzObserving(
  task: TrainingTask,
  layers: Layers,
  settings: FamilySettings,
): Promise<Observing> {
  const { engine } = task;
  const { list } = layers;
  const { observations, rank, weightDecay, outliersOnly, applies } = settings;
  const blocks = groupBlocks(layers);
  const products = await compileBlockProducts(task, list, blocks, weightDecay);
  const complement = await compileComplement(task, list, blocks, { rank, weightDecay });
  const lossOf = settings.estimator === 'oracle' ? await compileFunction(engine, {}, task.problem.loss) : null;
  const directions =
    lossOf === null ? krylovDirections(products) : oracleDirections(task, list, blocks, { products, lossOf, rank });
  const finding = observations - 1 - complementShare(observations);
  const find = async (state: RitzState, feeds: BatchFeeds) => {
    const found = await directions.use(state, feeds, state.minibatches === finding);
    if (state.minibatches < finding) return found;
    const factors = blocks.map((block, index): FactorOrNot => {
      const space = at(state.spaces, index);
      if (space === null) return { leftOut: 'ḡ = 0' };
      return ritzFactor(engine, list, block, space, { rank, outliersOnly });
    });
    state.projections = blocks.map((block, index) =>
      preconditionerValue(engine, block, list, rank, factors[index], () => -1),
    );
    state.factors = factors;
    state.spaces = [];
    state.held = [];
    return found;
  };
  const measure = async (state: RitzState, feeds: BatchFeeds, projections: readonly Preconditioner<Value>[]) => {
    const { loss, moments } = await complement.use(projections, feeds);
    state.moments = state.moments.map((sums, index) => sum(sums, at(moments, index)));
    return { loss, counts: { gradients: 1, products: blocks.length } };
  };
  return {
    get compileSeconds() {
      return products.compileSeconds + complement.compileSeconds + (lossOf?.compileSeconds ?? 0);
    },
    blocks,
    ...(settings.updateInterval !== null && { tracking: trackingWith(products, engine, list, blocks, rank) }),
    begin: async ({ first }) => {
      const spaces: (KrylovSpace | null)[] = [];
      for (const block of blocks) spaces.push(await startOf(engine, list, block, first));
      if (spaces.every((space) => space === null)) return null;
      return {
        minibatches: 0,
        spaces,
        held: [],
        factors: null,
        projections: null,
        moments: blocks.map(() => ({ squared: 0, curvature: 0, product: 0 })),
      };
    },
    use: async (given, feeds) => {
      const state = ofRitz(given);
      state.minibatches += 1;
      return state.projections === null ? find(state, feeds) : measure(state, feeds, state.projections);
    },
    finish: async (given, groups) => {
      const { minibatches, factors, moments } = ofRitz(given);
      if (minibatches < observations - 1 || factors === null) return null;
      // Without a preconditioner the step size is that of the whole gradient.
      const estimates = applies
        ? blocks.map(({ group }, index) => offDirections(at(groups, group), at(moments, index)))
        : groups;
      return { groups: estimates, factors };
    },
  };
}

function ofRitz(state: ObservingState): RitzState {
  if (!('spaces' in state)) throw new RangeError('the state is that of another estimator');
  return state;
}

/** The mean gradient of phase 1 as the start of a block's space; null where it has no direction. */
async function startOf(
  engine: Engine,
  layers: readonly Layer[],
  { members, size }: Block,
  first: readonly FirstColumn[],
): Promise<KrylovSpace | null> {
  const parts: Vector[] = [];
  for (const index of members) {
    const { s, total } = at(first, index);
    const row = s === null ? new Float32Array(at(layers, index).size) : ((await engine.download(s)) as Vector);
    // s is −Σv of the layer, divided by its length.
    const length = -Math.sqrt(total);
    for (let i = 0; i < row.length; i++) row[i] = length * (row[i] as number);
    parts.push(row);
  }
  try {
    return krylovSpace(joined(parts, size));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function sum(a: ComplementMoments, b: ComplementMoments): ComplementMoments {
  return { squared: a.squared + b.squared, curvature: a.curvature + b.curvature, product: a.product + b.product };
}

/** The group with the step size of the complement, where that is one. */
function offDirections(estimate: GroupEstimate, { curvature, product }: ComplementMoments): GroupEstimate {
  const complement = curvature / product;
  const usable = Number.isFinite(complement) && complement > 0;
  return usable ? { ...estimate, alpha: complement, usable, complement } : { ...estimate, complement };
}
