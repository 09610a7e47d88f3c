import type { RecordedRun } from '../results/index.js';

/**
 * What evaluations of a minibatch cost in gradients. A Hessian-vector product is the derivative of a gradient, about two of
 * them (Pearlmutter 1994; Griewank & Walther 2008, section 3.3); a loss alone is the forward pass, about a third.
 */
export const GRADIENT_EQUIVALENTS = { gradients: 1, products: 2, losses: 1 / 3 } as const;

/**
 * Gradient equivalents of an epoch of training, from the counts of the run file; null where it has none. The file counts the
 * whole training, so they are spread evenly over its epochs: exact at the ends of epochs that cost the same.
 */
export function gradientEquivalentsPerEpoch({
  evaluations,
  status,
  stepsPerEpoch,
}: Pick<RecordedRun, 'evaluations' | 'status' | 'stepsPerEpoch'>): number | null {
  if (evaluations === undefined) return null;
  const { gradients, products, losses } = GRADIENT_EQUIVALENTS;
  const sum = evaluations.gradients * gradients + evaluations.products * products + evaluations.losses * losses;
  const epochs = status.epoch + (status.step ?? 0) / Math.max(1, stepsPerEpoch ?? 1);
  return epochs > 0 ? sum / epochs : null;
}
