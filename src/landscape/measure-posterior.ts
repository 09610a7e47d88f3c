import {
  type CalibrationScore,
  calibrationScores,
  type MinibatchSample,
  measuredPrior,
  minibatchesOfChecks,
  observedPosterior,
} from '../curvature/index.js';
import { finite, type PointReport } from './report.js';
import type { MeasurementSettings } from './settings.js';

type PosteriorReport = NonNullable<PointReport['posterior']>;

/** Minibatches that the measurement uses, one after the other. */
export function posteriorMinibatches({ stepSizeBatches, posterior, checks }: MeasurementSettings): number {
  return posterior === 0 ? 0 : stepSizeBatches + posterior - 1 + minibatchesOfChecks(checks);
}

/** Products and gradients that it takes. */
export function posteriorEvaluations({ stepSizeBatches, posterior, checks }: MeasurementSettings): number {
  return posterior === 0 ? 0 : 3 * stepSizeBatches + 2 * (posterior - 1) + 3 * checks + 1;
}

/**
 * How far curvatures of fresh minibatches are from what the preconditioner's posterior says of them: phases 1 and 2 of the
 * family with one basis for all parameters, then scores with λ as published and with λ from the scatter of products. Null
 * where α is no step size, so that there is no posterior.
 */
export async function measurePosterior(
  sample: MinibatchSample,
  { stepSizeBatches, posterior: observations, checks }: MeasurementSettings,
): Promise<PosteriorReport | null> {
  const prior = await measuredPrior(sample, stepSizeBatches);
  const { alpha, w, lambda, scatter } = prior;
  if (!(alpha > 0 && Number.isFinite(alpha))) return null;
  const published = await observedPosterior(sample, prior, { observations, first: stepSizeBatches });
  const posteriors = [published, published.under({ alpha, w, lambda: scatter })];
  const first = stepSizeBatches + observations - 1;
  const [ofPublished, ofScatter] = await calibrationScores(sample, posteriors, { checks, first });
  const shown = (scores: readonly CalibrationScore[] = []) =>
    scores.map(({ z, observed, expected, deviation }) => ({
      z: finite(z),
      observed: finite(observed),
      expected: finite(expected),
      deviation: finite(deviation),
    }));
  return {
    observations,
    batches: stepSizeBatches,
    alpha: finite(alpha),
    w: finite(w),
    lambda: finite(lambda),
    scatter: finite(scatter),
    scores: [
      { lambda: 'published', along: shown(ofPublished?.along), across: shown(ofPublished?.across) },
      { lambda: 'scatter', along: shown(ofScatter?.along), across: shown(ofScatter?.across) },
    ],
  };
}
