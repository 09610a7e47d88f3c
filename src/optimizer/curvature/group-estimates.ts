import { at } from '../../expect.js';
import { authorPrior } from './author-prior.js';
import { estimateGroupPrior, type GroupPrior, isUsable, type PriorSums } from './group-prior.js';
import type { Layers } from './layers.js';
import type { FirstColumn } from './prior.js';

/** What a group has been given for phase 4. */
export interface GroupEstimate {
  /** As measured, usable or not. */
  readonly measured: GroupPrior;
  /** The step size in force: α, or what stands in for it. */
  readonly alpha: number;
  readonly usable: boolean;
  /** The step size off the directions of the preconditioner, as measured, where an estimator measures it. */
  readonly complement?: number;
}

/** The learning rate when nothing has been estimated and none is given. */
export const FALLBACK_RATE = 0.01;

/**
 * α, w and λ of every group from phase 1's inner products. Where α is no step size, the group keeps the last one that was
 * (`earlier`), else the given learning rate, else a fixed one. The same where the group's curvature is not certain.
 * `variances`: for each layer the largest variance of a coordinate, where the scalars are the first author's.
 */
export function estimateGroups(
  { list, groups }: Layers,
  moments: Float64Array,
  first: readonly FirstColumn[],
  minibatches: number,
  standIns: { readonly earlier: readonly (number | null)[]; readonly lr: number | null },
  isCertain: (group: number) => boolean = () => true,
  variances: readonly number[] | null = null,
): GroupEstimate[] {
  return groups.map((_, group) => {
    const sums: { -readonly [K in keyof PriorSums]: number } = { sts: 0, stas: 0, staas: 0, total: 0 };
    for (const [index, layer] of list.entries()) {
      if (layer.group !== group) continue;
      sums.sts += at(moments, 3 * index);
      sums.stas += at(moments, 3 * index + 1);
      sums.staas += at(moments, 3 * index + 2);
      sums.total += at(first, index).total;
    }
    const ofGroup = variances?.filter((_, index) => list[index]?.group === group);
    const measured = ofGroup
      ? authorPrior(sums, Math.max(...ofGroup), minibatches)
      : estimateGroupPrior(sums, minibatches);
    const usable = isUsable(measured) && isCertain(group);
    const standIn = standIns.earlier[group] ?? standIns.lr ?? FALLBACK_RATE;
    return { measured, usable, alpha: usable ? measured.alpha : standIn };
  });
}

/** A mean counts as positive where it exceeds so many of its standard errors. */
const CERTAIN = 2;

/**
 * Whether the curvature vᵀh of a group is positive beyond the scatter of the minibatches: what is not vanishes, or may be
 * negative. One minibatch has no scatter.
 */
export function hasCertainCurvature(
  { list }: Layers,
  curvatures: readonly (readonly number[])[],
  group: number,
): boolean {
  const sums = curvatures.map((ofLayers) =>
    list.reduce((sum, layer, index) => (layer.group === group ? sum + at(ofLayers, index) : sum), 0),
  );
  const count = sums.length;
  const mean = sums.reduce((sum, value) => sum + value, 0) / count;
  const squares = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return count < 2 || mean > CERTAIN * Math.sqrt(squares / (count - 1) / count);
}
