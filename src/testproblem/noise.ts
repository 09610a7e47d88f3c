import { fillBernoulli, fillNormal, fillUniform, type RandomStream, randomStream } from '../random/index.js';
import { type Shape, sizeOf } from '../tensor/index.js';
import { inputNames } from './names.js';

/**
 * How the numbers of a noise are distributed: uniform in [0, 1), standard normal, or `value` with probability `keep` and 0
 * otherwise.
 */
export type Distribution =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'normal' }
  | { readonly kind: 'bernoulli'; readonly keep: number; readonly value: number };

/** Random numbers that are drawn for each minibatch. */
export interface NoiseDefinition {
  readonly name: string;
  readonly shape: Shape;
  readonly distribution: Distribution;
}

/** What declares noise: a symbolic test problem. */
export interface NoisyProblem {
  readonly noises: readonly NoiseDefinition[];
}

/** A minibatch of a training, counted from 0. */
export interface MinibatchPlace {
  readonly seed: number;
  readonly epoch: number;
  /** The step within the epoch. */
  readonly step: number;
}

/** A batch of an evaluation, counted from 0; `epoch` counts the epochs before the evaluation. */
export interface EvaluationPlace {
  readonly seed: number;
  readonly phase: string;
  readonly epoch: number;
  readonly batch: number;
}

/** Numbers that one stream draws: each block of a noise has its own, so that blocks can be drawn in any order. */
const BLOCK = 65_536;

/**
 * The noise of a training minibatch, by the name of the program's input: the same for every loss, gradient and product on
 * this minibatch, and again after a resume, because the numbers depend on the place alone. Empty without noise.
 */
export function minibatchNoise(
  problem: NoisyProblem,
  { seed, epoch, step }: MinibatchPlace,
): Record<string, Float32Array> {
  return drawn(problem, (name) => randomStream(seed, 'noise', name, epoch, step));
}

/** The noise of a batch that is evaluated; from streams of its own, so that evaluating changes nothing in training. */
export function evaluationNoise(
  problem: NoisyProblem,
  { seed, phase, epoch, batch }: EvaluationPlace,
): Record<string, Float32Array> {
  return drawn(problem, (name) => randomStream(seed, 'evaluation noise', name, phase, epoch, batch));
}

function drawn({ noises }: NoisyProblem, streamOf: (name: string) => RandomStream): Record<string, Float32Array> {
  return Object.fromEntries(
    noises.map(({ name, shape, distribution }) => {
      const values = new Float32Array(sizeOf(shape));
      const stream = streamOf(name);
      for (let begin = 0; begin < values.length; begin += BLOCK) {
        draw(distribution, stream.child(begin / BLOCK), values.subarray(begin, begin + BLOCK));
      }
      return [inputNames.noise(name), values];
    }),
  );
}

function draw(distribution: Distribution, stream: RandomStream, values: Float32Array): void {
  if (distribution.kind === 'uniform') fillUniform(stream, values);
  else if (distribution.kind === 'normal') fillNormal(stream, values);
  else fillBernoulli(stream, values, distribution.keep, distribution.value);
}
