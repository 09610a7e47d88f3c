import * as t from '../../../src/tensor/index.js';
import { inputNames, type TestProblem } from '../../../src/testproblem/index.js';

/** What large.py stores of a tensor: its norm, its product with fixed numbers, and three entries. */
export type Summary = readonly number[];

/** What large.py stores of a network. */
export interface LargeFixture {
  /** Key of the numbers that the images have. */
  readonly images: number;
  readonly loss: number;
  readonly gradient: Readonly<Record<string, Summary>>;
  readonly product: Readonly<Record<string, Summary>>;
  readonly states: Readonly<Record<string, Summary>>;
}

export const BATCH = 4;

/** Numbers in [0, 1) with 32 bits, as large.py has them: a hash of key and index (the finaliser of MurmurHash3). */
function share(key: number, index: number): number {
  let x = (Math.imul(index, 2_654_435_761) + Math.imul(key, 2_246_822_519) + 374_761_393) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/** Uniform in ±scale, in single precision. */
function numbers(key: number, size: number, scale = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => (2 * share(key, index) - 1) * scale);
}

/** Everything that a network's programs are fed with, directions included. */
export function feedsOf(problem: TestProblem, images: number): Record<string, Float32Array | Int32Array> {
  const { noises, states } = problem.build(BATCH);
  const feeds: Record<string, Float32Array | Int32Array> = {};
  for (const [key, { name, shape }] of problem.parameters.entries()) {
    const size = t.sizeOf(shape);
    const weights = shape.length > 1;
    const values = numbers(key, size, weights ? Math.sqrt(6 / t.sizeOf(shape.slice(1))) : 0.25);
    feeds[inputNames.parameter(name)] = name.endsWith('gain')
      ? Float32Array.from(values, (value) => value + 1)
      : values;
    feeds[`vector/${name}`] = numbers(3000 + key, size, 0.1);
  }
  for (const { name, initial } of states) feeds[inputNames.state(name)] = initial;
  for (const [key, { name, shape, distribution }] of noises.entries()) {
    if (distribution.kind !== 'bernoulli') throw new Error(`the networks have masks only, found ${name}`);
    const { keep, value } = distribution;
    feeds[inputNames.noise(name)] = Float32Array.from({ length: t.sizeOf(shape) }, (_, index) =>
      share(2000 + key, index) < keep ? value : 0,
    );
  }
  for (const [name, { data }] of Object.entries(problem.constants)) feeds[inputNames.constant(name)] = data();
  feeds[inputNames.inputs] = numbers(images, BATCH * t.sizeOf(problem.inputShape));
  const classes = problem.classes ?? 0;
  feeds[inputNames.labels] = Int32Array.from({ length: BATCH }, (_, index) => Math.floor(share(1001, index) * classes));
  return feeds;
}

/** Norm, product with fixed numbers, and three entries. */
export function summary(key: number, values: ArrayLike<number>): Summary {
  const size = values.length;
  const along = numbers(key, size);
  let [square, product] = [0, 0];
  for (let index = 0; index < size; index++) {
    const value = values[index] ?? Number.NaN;
    square += value * value;
    product += value * (along[index] ?? 0);
  }
  const entries = [0, Math.floor(size / 3), size - 1].map((place) => values[place] ?? Number.NaN);
  return [Math.sqrt(square), product, ...entries];
}
