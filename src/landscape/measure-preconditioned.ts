import { lanczos, type Operator, preconditioned, type RitzPair, shareAlong, type Vector } from '../curvature/index.js';
import type { FoundPreconditioner } from './preconditioners.js';
import {
  CONDITION_TOLERANCE,
  conditionNumber,
  type EigenvalueReport,
  finite,
  type PreconditionedReport,
} from './report.js';
import { type MeasurementSettings, TOLERANCE } from './settings.js';

/** The matrix without a preconditioner, and how it is looked at. */
export interface Unpreconditioned {
  readonly operator: Operator;
  /** Where Lanczos' method starts. */
  readonly start: Vector;
  /** The largest eigenvalue; null where it is not converged. */
  readonly lambda1: number | null;
  /** The largest eigenvectors that are converged. */
  readonly top: readonly Vector[];
}

/**
 * The spectrum of √P H √P by Lanczos' method, until its largest values and the smallest one are converged, and the shares of
 * the largest eigenvectors of H that lie in the span of P's directions.
 */
export async function measurePreconditioned(
  { name, rank, blocks, learningRate, estimate }: FoundPreconditioner,
  { operator, start, lambda1, top: vectors }: Unpreconditioned,
  { top, steps }: Pick<MeasurementSettings, 'top' | 'steps'>,
): Promise<PreconditionedReport> {
  const started = performance.now();
  const { pairs, products } = await lanczos(preconditioned(operator, blocks), start, {
    steps,
    enough: (found) => {
      const bound = TOLERANCE * largestModulus(found);
      const smallest = found.at(-1);
      return found.slice(0, top).every(({ residual }) => residual <= bound) && isSettled(smallest, bound);
    },
  });
  const bound = TOLERANCE * largestModulus(pairs);
  const eigenvalues = pairs.map(
    ({ value, residual }): EigenvalueReport => ({
      value: finite(value),
      residual: finite(residual),
      converged: residual <= bound,
    }),
  );
  const [first] = eigenvalues;
  const smallest = eigenvalues.at(-1);
  if (first === undefined || smallest === undefined) throw new RangeError('found products that are not finite');
  const largest = first.converged ? first.value : null;
  return {
    name,
    rank,
    directions: blocks.flatMap(({ change }) => change).filter((change) => change !== 0).length,
    largest: eigenvalues.slice(0, top),
    smallest,
    condition_number: conditionNumber(first, smallest),
    fall: lambda1 === null || largest === null ? null : finite(lambda1 / largest),
    shares: vectors.map((vector) => finite(shareAlong(blocks, vector))),
    learning_rate: learningRate,
    eta_lambda1: learningRate === null || largest === null ? null : finite(learningRate * largest),
    estimate,
    products,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Whether the smallest value is converged, and either negative or known well enough for a condition number. */
function isSettled(smallest: Pick<RitzPair, 'value' | 'residual'> | undefined, bound: number): boolean {
  if (smallest === undefined || smallest.residual > bound) return false;
  const { value, residual } = smallest;
  return value < -residual || residual <= CONDITION_TOLERANCE * value;
}

function largestModulus(pairs: readonly { readonly value: number }[]): number {
  return Math.max(...pairs.map(({ value }) => Math.abs(value)));
}
