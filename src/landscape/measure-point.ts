import {
  dot,
  type LossCurvature,
  type LossPoint,
  type Minibatches,
  type MinibatchFeeds,
  type MinibatchSample,
  norm,
  type Operator,
  type ParameterBlock,
  rademacher,
  restricted,
} from '../curvature/index.js';
import type { RandomStream } from '../random/index.js';
import { Evaluations } from './evaluations.js';
import { type EarlierVectors, measureBlock } from './measure-block.js';
import { measurePosterior } from './measure-posterior.js';
import { measurePreconditioned } from './measure-preconditioned.js';
import { measureStepSize } from './measure-step-size.js';
import type { FoundPreconditioner } from './preconditioners.js';
import { type BlockReport, finite, type PointReport, type PreconditionedReport } from './report.js';
import type { MeasurementSettings } from './settings.js';

/** What one point is measured with. */
export interface PointMeasurement {
  readonly loss: LossCurvature;
  readonly point: LossPoint;
  /** Minibatches of the matrix. */
  readonly minibatches: Minibatches;
  /** The minibatches of the step size, one after the other. */
  readonly stepSizeMinibatches: Minibatches;
  /** Those of the posterior's calibration. */
  readonly posteriorMinibatches: readonly MinibatchFeeds[];
  /** The preconditioners that are asked for, found one after the other. */
  readonly preconditioners: AsyncIterable<FoundPreconditioner>;
  readonly blocks: readonly ParameterBlock[];
  readonly settings: MeasurementSettings;
  readonly learningRate: number | null;
  readonly stream: RandomStream;
  /** The largest eigenvectors at earlier points; those of this point are added. */
  readonly earlier: EarlierVectors;
  /** Called before each product and gradient; may throw to end the measurement. */
  readonly onProduct: (block: string) => void;
}

/** Measures everything at one point. */
export async function measurePoint(measurement: PointMeasurement): Promise<Omit<PointReport, 'step' | 'epoch'>> {
  const { loss, point, minibatches, blocks, settings, learningRate, stream, earlier, onProduct } = measurement;
  const started = performance.now();
  const evaluations = new Evaluations(loss, point, settings.matrix, onProduct);
  const whole = evaluations.matrix(minibatches);
  const { loss: value, gradient } = await evaluations.gradient('gradient', minibatches);
  const measured: { readonly report: BlockReport; readonly top: readonly Float32Array[] }[] = [];
  for (const block of blocks) {
    const operator = evaluations.counted(block.name, restricted(whole, loss.size, block));
    measured.push(await measureBlock(operator, block, { settings, stream, earlier }));
  }
  const top = blocks[0]?.size === loss.size ? (measured[0]?.top ?? []) : [];
  const [v1] = top;
  const lambda1 = largestOf(measured.map(({ report }) => report));
  const curvature = dot(gradient, await evaluations.counted('gradient', whole)(gradient));
  const length = norm(gradient);
  const { report: size, ofBlocks } = await measureStepSize(evaluations, {
    minibatches: measurement.stepSizeMinibatches,
    asked: settings.stepSizeBatches > 0,
    blocks,
    lambda1,
  });
  const posterior = settings.posterior === 0 ? {} : { posterior: await calibration(evaluations, measurement) };
  const preconditioned = await measurePreconditioners(evaluations, measurement, { whole, lambda1, top });
  return {
    loss: finite(value),
    gradient_norm: finite(length),
    gradient_curvature: finite(curvature / length ** 2),
    cos_gradient_v1: v1 === undefined ? null : finite(Math.abs(dot(gradient, v1)) / length),
    learning_rate: learningRate,
    eta_lambda1: learningRate === null || lambda1 === null ? null : finite(learningRate * lambda1),
    two_over_lambda1: lambda1 === null ? null : finite(2 / lambda1),
    step_size: size,
    ...posterior,
    blocks: measured.map(({ report }) => withStepSize(report, ofBlocks.get(report.name))),
    ...preconditioned,
    products: evaluations.products,
    gradients: evaluations.gradients,
    seconds: (performance.now() - started) / 1000,
  };
}

/** λ₁ of the whole matrix; null where it is not measured, or not converged. */
function largestOf(reports: readonly BlockReport[]): number | null {
  const [only] = reports;
  return reports.length === 1 && only !== undefined ? convergedLargest(only) : null;
}

function convergedLargest({ largest: [first] }: BlockReport): number | null {
  return first?.converged === true ? first.value : null;
}

function withStepSize(report: BlockReport, alpha: number | undefined): BlockReport {
  const lambda1 = convergedLargest(report);
  return {
    ...report,
    alpha: finite(alpha ?? null),
    alpha_lambda1: alpha === undefined || lambda1 === null ? null : finite(alpha * lambda1),
  };
}

/** The posterior's calibration, on minibatches of its own. */
function calibration(
  evaluations: Evaluations,
  { posteriorMinibatches, settings }: PointMeasurement,
): ReturnType<typeof measurePosterior> {
  const only = (index: number) => () => posteriorMinibatches.slice(index, index + 1);
  const sample: MinibatchSample = {
    gradient: async (index) => (await evaluations.gradient('gradient', only(index))).gradient,
    product: (index, vector) => evaluations.counted('posterior', evaluations.matrix(only(index)))(vector),
  };
  return measurePosterior(sample, settings);
}

/** Each preconditioner that is asked for; the evaluations of its estimate are counted. */
async function measurePreconditioners(
  evaluations: Evaluations,
  { preconditioners, settings, stream }: PointMeasurement,
  {
    whole,
    lambda1,
    top,
  }: { readonly whole: Operator; readonly lambda1: number | null; readonly top: readonly Float32Array[] },
): Promise<Pick<PointReport, 'preconditioned'>> {
  const reports: PreconditionedReport[] = [];
  const start = () => rademacher(stream.child('preconditioned'), evaluations.size);
  for await (const found of preconditioners) {
    const operator = evaluations.counted(`${found.name}, rank ${found.rank}`, whole);
    reports.push(await measurePreconditioned(found, { operator, start: start(), lambda1, top }, settings));
    evaluations.gradients += found.estimate?.gradients ?? 0;
    evaluations.products += found.estimate?.products ?? 0;
  }
  return settings.preconditioners.length === 0 ? {} : { preconditioned: reports };
}
