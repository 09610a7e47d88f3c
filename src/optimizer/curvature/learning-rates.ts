import { isPublished } from './estimators/registered.js';
import type { GroupEstimate } from './group-estimates.js';
import type { FamilySettings } from './settings.js';

/** α, but the given learning rate in the first epoch, and in every epoch of a tuned optimizer. */
export function learningRateOf({ lr, mode }: FamilySettings, epoch: number, alpha: number): number {
  return lr !== null && (mode === 'tuned' || epoch === 0) ? lr : alpha;
}

/**
 * What f(σ) refers to in each group: α, as published. Ritz vectors get their steps of length 1/σ whatever the learning rate
 * is, where it stays the same as long as the estimate does.
 */
export function scaledTo(settings: FamilySettings, epoch: number, groups: readonly GroupEstimate[]): number[] {
  const { estimator, mode, restart } = settings;
  const stays = !isPublished(estimator) && (mode === 'tuned' || restart.kind === 'epoch');
  return groups.map(({ alpha }) => (stays ? learningRateOf(settings, epoch, alpha) : alpha));
}
