import { createHash } from 'node:crypto';
import { MersenneTwister, randomStream } from '../random/index.js';
import { ascending, batchedSplit, type Part } from './batches.js';
import type { Batch, DataSplit, Dataset, Protocol } from './dataset.js';
import type { GeneratedDatasetDefinition } from './definition.js';

const DIMENSIONS = 100;
const EXAMPLES = 1000;
const STD = 0.6;
const HESSIAN_SEED = 42;

/** The noise of DeepOBS' quadratic problem: three times 1000 points from N(0, 0.6²) in 100 dimensions. */
export const quadratic: GeneratedDatasetDefinition = {
  kind: 'generated',
  name: 'quadratic',
  title: 'Quadratic',
  description: 'noise of the quadratic problem, 100 dimensions, generated',
  shape: [DIMENSIONS],
  classes: null,
  sizes: { train: EXAMPLES, valid: EXAMPLES, trainEval: EXAMPLES, test: EXAMPLES },
  files: [],
};

/** Generates the quadratic data set: RandomState(42) for training, 44 for validation, 43 for test, in float32. */
export function openQuadratic(): Dataset {
  const { name, shape, classes, sizes } = quadratic;
  const points = { train: normalPoints(42), valid: normalPoints(44), test: normalPoints(43) };
  const hash = createHash('sha256');
  for (const part of [points.train, points.valid, points.test]) hash.update(littleEndian(part));
  return {
    name,
    shape,
    classes,
    sizes,
    record: { name, source: 'generated', verified: true, checksum: hash.digest('hex'), files: [], syntheticSize: null },
    split: (seed, protocol) => splitPoints(points, seed, protocol),
  };
}

function splitPoints(
  points: { readonly train: Float32Array; readonly valid: Float32Array; readonly test: Float32Array },
  seed: number,
  protocol: Protocol,
): DataSplit {
  const part = (source: Float32Array, shuffle: string | null): Part => ({
    order: (epoch) =>
      shuffle === null ? ascending(EXAMPLES) : randomStream(seed, shuffle, epoch).permutation(EXAMPLES),
    assemble: (indices) => pointBatch(source, indices),
  });
  const beta = protocol === 'deepobs-beta';
  return batchedSplit(
    quadratic.sizes,
    part(points.train, 'shuffle'),
    {
      train_eval: part(points.train, beta ? 'train-eval' : null),
      valid: part(points.valid, beta ? 'valid' : null),
      test: part(points.test, null),
    },
    beta,
  );
}

function pointBatch(source: Float32Array, indices: Uint32Array): Batch {
  const inputs = new Float32Array(indices.length * DIMENSIONS);
  for (const [row, index] of indices.entries()) {
    inputs.set(source.subarray(index * DIMENSIONS, (index + 1) * DIMENSIONS), row * DIMENSIONS);
  }
  return { inputs, labels: null, size: indices.length };
}

function normalPoints(seed: number): Float32Array {
  const generator = new MersenneTwister(seed);
  return Float32Array.from({ length: EXAMPLES * DIMENSIONS }, () => STD * generator.standardNormal());
}

function littleEndian(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return new Uint8Array(view.buffer);
}

/**
 * The Hessian Q of the quadratic problem, [100, 100] row-major in float64: Q = Rᵀ diag(λ) R with 90 eigenvalues from
 * U(0, 1), 10 from U(30, 60) and then a random rotation R, all drawn from one RandomState(42) in this order, as the
 * TensorFlow release of DeepOBS does. The trace is 477.61228.
 */
export function quadraticHessian(): Float64Array {
  const generator = new MersenneTwister(HESSIAN_SEED);
  const eigenvalues = Array.from({ length: DIMENSIONS }, (_, i) =>
    i < 90 ? generator.uniform(0, 1) : generator.uniform(30, 60),
  );
  const rotation = randomRotation(generator, DIMENSIONS);
  const hessian = new Float64Array(DIMENSIONS * DIMENSIONS);
  for (const [k, eigenvalue] of eigenvalues.entries()) {
    const direction = rotation.subarray(k * DIMENSIONS, (k + 1) * DIMENSIONS);
    for (const [i, left] of direction.entries()) {
      for (const [j, right] of direction.entries()) {
        hessian[i * DIMENSIONS + j] = (hessian[i * DIMENSIONS + j] ?? 0) + left * eigenvalue * right;
      }
    }
  }
  return hessian;
}

/**
 * A uniformly random rotation, [n, n] row-major, by the subgroup algorithm (Diaconis and Shahshahani 1987): a plane
 * rotation, then for each further dimension a reflection that carries the first unit vector to a random direction.
 */
function randomRotation(generator: MersenneTwister, n: number): Float64Array {
  const angle = 2 * Math.PI * generator.randomSample();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let rotation = Float64Array.of(cos, sin, -sin, cos);
  for (let d = 2; d < n; d++) {
    const size = d + 1;
    const x = reflectionAxis(Float64Array.from({ length: size }, () => generator.standardNormal()));
    const next = new Float64Array(size * size);
    next[0] = 1;
    for (let row = 0; row < d; row++) next.set(rotation.subarray(row * d, (row + 1) * d), (row + 1) * size + 1);
    for (let column = 0; column < size; column++) {
      let along = 0;
      for (let row = 0; row < size; row++) along += (x[row] ?? 0) * (next[row * size + column] ?? 0);
      for (let row = 0; row < size; row++) {
        next[row * size + column] = (next[row * size + column] ?? 0) - 2 * (x[row] ?? 0) * along;
      }
    }
    rotation = next;
  }
  return rotation.map((value) => -value);
}

/** The unit vector along e₁ − v / ‖v‖. */
function reflectionAxis(v: Float64Array): Float64Array {
  const axis = v.map((value) => -value / norm(v));
  axis[0] = 1 + (axis[0] ?? 0);
  const length = norm(axis);
  return axis.map((value) => value / length);
}

function norm(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
}
