import type { CurvatureReport } from '../../landscape/index.js';
import { printable } from '../escape.js';

/** The matrix whose spectrum was measured, in words. */
export function matrixName({ matrix }: CurvatureReport): string {
  return matrix === 'hessian' ? 'Hessian' : 'Gauss-Newton matrix';
}

/** What the matrix is of, and what trained the network: the first line of a caption. */
export function measuredOn(report: CurvatureReport): string {
  const { examples, of_examples: all, mode, seed, optimizer } = report;
  const trained = optimizer === null ? '' : `, trained by ${printable(optimizer.name)}`;
  return `${matrixName(report)} of the mean loss over ${examples} of ${all} examples, ${mode} mode, seed ${seed}${trained}`;
}

/** 2 / step length, below which a curvature is stable on a quadratic; null of no length, and of one whose limit is no number. */
export function stableBelow(length: number | null | undefined): number | null {
  const limit = length == null || length <= 0 ? null : 2 / length;
  return limit !== null && Number.isFinite(limit) ? limit : null;
}
