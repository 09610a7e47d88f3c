import type { TensorData } from '../../src/engine/engine.js';
import type { RandomStream } from '../../src/random/index.js';
import { input, type Shape, sizeOf, type Tensor } from '../../src/tensor/index.js';

/** A function of some variables at a random point. */
export interface Sample {
  readonly variables: readonly Tensor[];
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly result: Tensor;
}

/** A row of the table: an operation or composite, the file of src/tensor/operations/ that it lives in, and samples of it. */
export interface Row {
  readonly name: string;
  readonly file: string;
  readonly samples: (random: RandomStream) => Sample[];
}

/** Random numbers for a variable of n elements. */
export type Distribution = (random: RandomStream, n: number) => Float64Array;

/** Standard normal numbers. */
export const normal: Distribution = (random, n) => Float64Array.from({ length: n }, () => random.normal());

/** Uniform numbers from 0.5 to 2. */
export const positive: Distribution = (random, n) =>
  Float64Array.from({ length: n }, () => 0.5 + 1.5 * random.uniform());

/** Absolute values from 0.5 to 2, both signs. */
export const awayFromZero: Distribution = (random, n) =>
  positive(random, n).map((value) => (random.uniform() < 0.5 ? -value : value));

/** Numbers around 0 that differ from each other and from 0 by at least 0.02: no kink of a maximum or of |x| is near. */
export const distinct: Distribution = (random, n) =>
  Float64Array.from(
    random.permutation(n),
    (rank) => 0.05 * (rank - n / 2 + (n % 2 ? 1 : 0.5)) + 0.01 * random.uniform(),
  );

/** A random shape of the given number of axes, lengths 1 to 4. */
export function randomShape(random: RandomStream, rank = random.integer(4)): number[] {
  return Array.from({ length: rank }, () => 1 + random.integer(4));
}

/** A shape that broadcasts to the given one: leading axes dropped, some of the others of length 1. */
export function broadcastable(random: RandomStream, shape: Shape): number[] {
  return shape.slice(random.integer(shape.length + 1)).map((length) => (random.uniform() < 0.4 ? 1 : length));
}

/** f at a random x of the given shape. */
export function ofOne(
  random: RandomStream,
  shape: Shape,
  f: (x: Tensor) => Tensor,
  distribution: Distribution = normal,
): Sample {
  const x = input('x', shape);
  return { variables: [x], feeds: { x: distribution(random, sizeOf(shape)) }, result: f(x) };
}

/** f at random a and b of the given shapes, drawn together. */
export function ofTwo(
  random: RandomStream,
  [shapeOfA, shapeOfB]: readonly [Shape, Shape],
  f: (a: Tensor, b: Tensor) => Tensor,
  distribution: Distribution = normal,
): Sample {
  const [a, b] = [input('a', shapeOfA), input('b', shapeOfB)];
  const values = distribution(random, sizeOf(shapeOfA) + sizeOf(shapeOfB));
  const feeds = { a: values.slice(0, sizeOf(shapeOfA)), b: values.slice(sizeOf(shapeOfA)) };
  return { variables: [a, b], feeds, result: f(a, b) };
}

/** f at random a and b whose shapes broadcast: 6 patterns, each operand being the smaller one in some. */
export function ofBroadcast(
  random: RandomStream,
  f: (a: Tensor, b: Tensor) => Tensor,
  distribution: Distribution = normal,
): Sample[] {
  return [0, 1, 2, 3, 4, 5].map((pattern) => {
    const shape = randomShape(random, 1 + random.integer(3));
    const [a, b] = [broadcastable(random, shape), broadcastable(random, shape)];
    const shapes = [
      [shape, shape],
      [shape, b],
      [a, shape],
      [[], shape],
      [shape, []],
      [a, b],
    ] as const;
    return ofTwo(random, shapes[pattern] ?? [shape, shape], f, distribution);
  });
}

/** f at random x of four shapes, a scalar among them. */
export function elementwise(random: RandomStream, f: (x: Tensor) => Tensor, distribution?: Distribution): Sample[] {
  return [0, 1, 2, 4].map((rank) => ofOne(random, randomShape(random, rank), f, distribution));
}
