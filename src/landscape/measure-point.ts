import {
  defaultResolution,
  dot,
  type Estimate,
  type LossCurvature,
  type LossPoint,
  type Minibatches,
  type MinibatchFeeds,
  type MinibatchSample,
  measureSpectrum,
  norm,
  type Operator,
  type ParameterBlock,
  projections,
  restricted,
  type Spectrum,
  stepSize,
  type Vector,
} from '../curvature/index.js';
import type { RandomStream } from '../random/index.js';
import { measurePosterior } from './measure-posterior.js';
import { type BlockReport, finite, type PointReport } from './report.js';
import { type MeasurementSettings, TOLERANCE } from './settings.js';

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
  readonly blocks: readonly ParameterBlock[];
  readonly settings: MeasurementSettings;
  readonly learningRate: number | null;
  readonly stream: RandomStream;
  /** The largest eigenvectors at the point before, for each block by name; replaced by those of this point. */
  readonly top: Map<string, readonly Float32Array[]>;
  /** Called before each product and gradient; may throw to end the measurement. */
  readonly onProduct: (block: string) => void;
}

/** Measures everything at one point. */
export async function measurePoint(measurement: PointMeasurement): Promise<Omit<PointReport, 'step' | 'epoch'>> {
  const { loss, point, minibatches, blocks, settings, learningRate, onProduct } = measurement;
  const started = performance.now();
  let products = 0;
  let gradients = 0;
  const counting =
    (block: string, of: Operator): Operator =>
    (vector) => {
      onProduct(block);
      products += 1;
      return of(vector);
    };
  const gradientOver = async (over: Minibatches) => {
    onProduct('gradient');
    gradients += 1;
    return loss.gradient(point, over);
  };
  const whole = loss.operator(settings.matrix, point, minibatches);
  const { loss: value, gradient } = await gradientOver(minibatches);
  const reports: BlockReport[] = [];
  let v1: Float32Array | undefined;
  for (const block of blocks) {
    const operator = counting(block.name, restricted(whole, loss.size, block));
    const { report, top } = await measureBlock(operator, block, measurement);
    reports.push(report);
    if (block.size === loss.size) v1 = top[0];
  }
  const lambda1 = largestOf(reports);
  const curvature = dot(gradient, await counting('gradient', whole)(gradient));
  const length = norm(gradient);
  const alpha = await measureStepSize(measurement, lambda1, { gradientOver, counting });
  const { posteriorMinibatches } = measurement;
  const only = (index: number) => () => posteriorMinibatches.slice(index, index + 1);
  const sample: MinibatchSample = {
    gradient: async (index) => (await gradientOver(only(index))).gradient,
    product: (index, vector) => counting('posterior', loss.operator(settings.matrix, point, only(index)))(vector),
  };
  const posterior = settings.posterior === 0 ? {} : { posterior: await measurePosterior(sample, settings) };
  return {
    loss: finite(value),
    gradient_norm: finite(length),
    gradient_curvature: finite(curvature / length ** 2),
    cos_gradient_v1: v1 === undefined ? null : finite(Math.abs(dot(gradient, v1)) / length),
    learning_rate: learningRate,
    eta_lambda1: learningRate === null || lambda1 === null ? null : finite(learningRate * lambda1),
    two_over_lambda1: lambda1 === null ? null : finite(2 / lambda1),
    step_size: alpha,
    ...posterior,
    blocks: reports,
    products,
    gradients,
    seconds: (performance.now() - started) / 1000,
  };
}

/** λ₁ of the whole matrix; null where it is not measured, or not converged. */
function largestOf(reports: readonly BlockReport[]): number | null {
  const [only] = reports;
  const first = only?.largest[0];
  return reports.length === 1 && first?.converged === true ? first.value : null;
}

async function measureBlock(
  operator: Operator,
  block: ParameterBlock,
  { settings, stream, top }: PointMeasurement,
): Promise<{ report: BlockReport; top: readonly Float32Array[] }> {
  const started = performance.now();
  const { spectrum, topVectors } = await measureSpectrum(operator, block.size, {
    top: settings.top,
    steps: settings.steps,
    probes: settings.probes,
    traceProbes: settings.traceProbes,
    hutchPlusPlus: settings.hutchPlusPlus,
    tolerance: TOLERANCE,
    stream: stream.child(block.name),
  });
  const vectors = topVectors(settings.top).map((vector) => new Float32Array(vector));
  const overlap = overlapOf(top.get(block.name) ?? [], vectors, spectrum.outliers?.count ?? settings.top);
  top.set(block.name, vectors);
  const report = { ...blockReport(block, spectrum), overlap_with_previous: overlap };
  return { report: { ...report, seconds: (performance.now() - started) / 1000 }, top: vectors };
}

function blockReport(
  { name, size }: ParameterBlock,
  spectrum: Spectrum,
): Omit<BlockReport, 'seconds' | 'overlap_with_previous'> {
  const eigenvalue = ({ value, residual, converged }: Spectrum['smallest']) => ({
    value: finite(value),
    residual: finite(residual),
    converged,
  });
  const { largest, outliers, quadratures } = spectrum;
  const [first] = largest;
  return {
    name,
    size,
    largest: largest.map(eigenvalue),
    smallest: eigenvalue(spectrum.smallest),
    trace: estimate(spectrum.trace),
    squared_frobenius: estimate(spectrum.squaredFrobenius),
    effective_rank: finite(spectrum.effectiveRank),
    above: spectrum.above.map(({ fraction, count }) => ({ fraction, count: estimate(count) })),
    outliers:
      outliers === null
        ? null
        : {
            count: outliers.count,
            gap: finite(outliers.gap),
            next: finite(outliers.next),
            next_converged: largest[outliers.count]?.converged === true,
          },
    deflated: largest.flatMap(({ value, converged }, rank) =>
      rank > 0 && converged && first?.converged === true && value > 0
        ? [{ rank, ratio: finite(first.value / value) }]
        : [],
    ),
    resolution: finite(defaultResolution(quadratures)),
    quadratures: quadratures.map(({ values, weights }) => ({ values: [...values], weights: [...weights] })),
    products: spectrum.products,
  };
}

function estimate({ value, standardError, degreesOfFreedom }: Estimate) {
  return { value: finite(value), standard_error: finite(standardError), degrees_of_freedom: degreesOfFreedom };
}

/** ‖UᵀV‖²_F / k of the first k vectors of two orthonormal families; null where one has none. */
function overlapOf(before: readonly Vector[], now: readonly Vector[], rank: number) {
  const k = Math.min(rank, before.length, now.length);
  if (k === 0) return null;
  const squares = now.slice(0, k).flatMap((vector) => projections(before.slice(0, k), vector).map((p) => p * p));
  return { rank: k, value: finite(squares.reduce((sum, square) => sum + square, 0) / k) };
}

/** α on minibatches of its own, each with its own Hessian, and how gradients and products scatter between them. */
async function measureStepSize(
  { loss, point, settings, stepSizeMinibatches }: PointMeasurement,
  lambda1: number | null,
  {
    gradientOver,
    counting,
  }: {
    readonly gradientOver: (over: Minibatches) => Promise<{ readonly gradient: Vector }>;
    readonly counting: (block: string, of: Operator) => Operator;
  },
): Promise<PointReport['step_size']> {
  if (settings.stepSizeBatches === 0) return null;
  const products = { gg: [] as number[], gHg: [] as number[], gHHg: [] as number[] };
  const gradients = new Scatter(loss.size);
  for await (const minibatch of stepSizeMinibatches()) {
    const only = () => [minibatch];
    const { gradient } = await gradientOver(only);
    const product = await counting('step size', loss.operator(settings.matrix, point, only))(gradient);
    products.gg.push(dot(gradient, gradient));
    products.gHg.push(dot(gradient, product));
    products.gHHg.push(dot(product, product));
    gradients.add(gradient);
  }
  const along = gradients.mean;
  const observed = new Scatter(loss.size);
  for await (const minibatch of stepSizeMinibatches()) {
    observed.add(
      await counting(
        'noise',
        loss.operator(settings.matrix, point, () => [minibatch]),
      )(along),
    );
  }
  const { alpha, curvature } = stepSize(products);
  return {
    batches: products.gg.length,
    alpha: finite(alpha),
    gradient_curvature: finite(curvature),
    alpha_lambda1: lambda1 === null ? null : finite(alpha * lambda1),
    gradient_noise: finite(gradients.relative),
    product_noise: finite(observed.relative),
  };
}

/** Mean of vectors, and how far they scatter around it. */
class Scatter {
  readonly #sum: Float64Array;
  #squares = 0;
  #count = 0;

  constructor(size: number) {
    this.#sum = new Float64Array(size);
  }

  add(vector: Vector): void {
    for (let i = 0; i < vector.length; i++) this.#sum[i] = (this.#sum[i] as number) + (vector[i] as number);
    this.#squares += dot(vector, vector);
    this.#count += 1;
  }

  get mean(): Float64Array {
    return this.#sum.map((value) => value / this.#count);
  }

  /** √(mean ‖xᵢ − x̄‖²) / ‖x̄‖, with n − 1 in the mean. */
  get relative(): number {
    const length = norm(this.#sum) / this.#count;
    const squares = Math.max(0, this.#squares - this.#count * length ** 2);
    return Math.sqrt(squares / (this.#count - 1)) / length;
  }
}
