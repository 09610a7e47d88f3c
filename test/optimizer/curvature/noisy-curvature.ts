import { inverse, Matrix } from 'ml-matrix';
import type { EstimationEvent, EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { mean, multiply, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem, type LossValues } from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

export const SIZE = 8;
export const BATCH = 4;

/** ½ mean of Σ xᵢ² (θᵢ − 1)²: the Hessian of a minibatch is the diagonal of its mean x², at θ = 2 its gradient as well. */
export const noisyCurvature = defineTestProblem({
  name: 'noisy_curvature',
  description: 'a curvature that is new in each minibatch',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: BATCH, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(2), regularised: false, group: 'all' }],
  evaluate: ({ inputs, parameters: [theta] }): LossValues => {
    if (theta === undefined) throw new Error('no parameters');
    const product = multiply(inputs, subtract(theta, 1));
    return { loss: multiply(mean(sum(multiply(product, product), [1])), 0.5), accuracy: null };
  },
});

/** Minibatches of inputs about one. */
export function noisyBatches(count: number, spread = 0.5, seed = 7): Float64Array[] {
  return Array.from({ length: count }, (_, step) => {
    const stream = randomStream(seed, 'noise', step);
    return Float64Array.from({ length: BATCH * SIZE }, () => 1 + spread * stream.normal());
  });
}

/** The diagonal of a minibatch's Hessian. */
export function curvatureOf(inputs: Float64Array): number[] {
  return Array.from({ length: SIZE }, (_, i) => {
    let total = 0;
    for (let example = 0; example < BATCH; example++) total += (inputs[example * SIZE + i] ?? 0) ** 2 / BATCH;
    return total;
  });
}

const engine = openReferenceEngine();

/** A training on the problem, in double precision. */
export async function startNoisy(
  name: string,
  given: Record<string, unknown>,
  stepsPerEpoch: number,
): Promise<Training> {
  const optimizer = await loadOptimizer(name);
  const hyperparameters = optimizer.hyperparameters.parse(given) as Hyperparameters;
  return optimizer.start(trainingTask(engine, noisyCurvature, { batchSize: BATCH, stepsPerEpoch }), hyperparameters);
}

/** Uses minibatches. */
export async function useNoisy(training: Training, batches: readonly Float64Array[]): Promise<void> {
  for (const inputs of batches) await training.step(batchFeeds(engine, noisyCurvature, BATCH, { inputs }));
}

/** What an epoch's entry in the run file says. */
export interface EpochRecord {
  readonly estimations: readonly EstimationRecord[];
  readonly events: readonly EstimationEvent[];
}

/** An epoch of these minibatches. */
export async function noisyEpoch(
  training: Training,
  epoch: number,
  batches: readonly Float64Array[],
): Promise<EpochRecord> {
  await training.beginEpoch(epoch, 1);
  await useNoisy(training, batches);
  return (await training.endEpoch()) as unknown as EpochRecord;
}

/** The parameters as they are. */
export async function parametersOf({ parameters: [theta] }: Training): Promise<number[]> {
  return theta === undefined ? [] : Array.from(await engine.download(theta));
}

/** α, w and λ of phase 1 by their definitions, for v and h of each minibatch. */
export function scalarsOf(v: readonly (readonly number[])[], h: readonly (readonly number[])[]) {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const total = (of: (i: number) => number) => v.reduce((sum, _, i) => sum + of(i), 0);
  const [sts, stas, staas] = [
    total((i) => dot(v[i] ?? [], v[i] ?? [])),
    total((i) => dot(v[i] ?? [], h[i] ?? [])),
    total((i) => dot(h[i] ?? [], h[i] ?? [])),
  ];
  const sums = (v[0] ?? []).map((_, i) => v.reduce((sum, own) => sum + (own[i] ?? 0), 0));
  return { alpha: stas / staas, w: stas / sts, lambda: Math.abs(sts - dot(sums, sums)) / v.length, sums };
}

/**
 * A Gaussian posterior of a matrix with independent rows of one covariance, as Kalman's filter updates it by one product after the other: full
 * matrices, and none of the formulas of the estimators.
 */
export class DensePosterior {
  mean: Matrix;
  covariance: Matrix;

  constructor(size: number, { alpha, w }: { readonly alpha: number; readonly w: number }) {
    this.mean = Matrix.eye(size, size, 1 / alpha);
    this.covariance = Matrix.eye(size, size, w ** 2);
  }

  /** sᵀBs and the variance of one coordinate of Bs. */
  predicted(s: Matrix) {
    return {
      curvature: s.transpose().mmul(this.mean).mmul(s).get(0, 0),
      variance: s.transpose().mmul(this.covariance).mmul(s).get(0, 0),
    };
  }

  /** Takes the product y of s, with this noise variance in each coordinate. */
  observe(s: Matrix, y: Matrix, noise: number): void {
    const along = this.covariance.mmul(s);
    const total = s.transpose().mmul(along).get(0, 0) + noise;
    const surprise = Matrix.sub(y, this.mean.mmul(s));
    this.mean = Matrix.add(this.mean, surprise.mmul(along.transpose()).div(total));
    this.covariance = Matrix.sub(this.covariance, along.mmul(along.transpose()).div(total));
  }

  /** B̂⁻¹g, of length one. */
  direction(g: readonly number[]): Matrix {
    return unit(inverse(this.mean).mmul(Matrix.columnVector([...g])));
  }
}

/** The vector divided by its length. */
export function unit(vector: Matrix): Matrix {
  return Matrix.div(vector, vector.norm('frobenius'));
}
