import type { CurvatureReport } from '../../landscape/index.js';

/** The matrix whose spectrum was measured, in words. */
export function matrixName({ matrix }: CurvatureReport): string {
  return matrix === 'hessian' ? 'Hessian' : 'Gauss-Newton matrix';
}

/** What the matrix is of: the first line of a caption. */
export function measuredOn(report: CurvatureReport): string {
  const { examples, of_examples: all, mode, seed } = report;
  return `${matrixName(report)} of the mean loss over ${examples} of ${all} examples, ${mode} mode, seed ${seed}`;
}

/** 2 / step length, below which a curvature is stable on a quadratic; null of no length, and of one whose limit is no number. */
export function stableBelow(length: number | null | undefined): number | null {
  const limit = length == null || length <= 0 ? null : 2 / length;
  return limit !== null && Number.isFinite(limit) ? limit : null;
}
