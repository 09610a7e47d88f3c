import { expect, test } from 'vitest';
import { TrainingStreams } from '../../src/optimizer/training-random.js';

/** Three numbers of each of these steps, from streams that saw `skipped` steps before. */
function drawn(seed: number, name: string, steps: readonly (readonly [number, number])[]): number[] {
  const streams = new TrainingStreams(seed);
  const stream = streams.stream(name);
  return steps.flatMap(([epoch, step]) => {
    streams.moveTo(epoch, step);
    return [stream.uniform(), stream.uniform(), stream.normal()];
  });
}

test('a stream draws the same numbers in the same step, whatever was drawn before', () => {
  const whole = drawn(1, 'probes', [
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  expect(drawn(1, 'probes', [[1, 0]])).toEqual(whole.slice(6));
  expect(new Set(whole).size).toBe(9);
});

test('streams of other seeds and names are others', () => {
  const place = [[0, 0]] as const;
  expect(drawn(2, 'probes', place)).not.toEqual(drawn(1, 'probes', place));
  expect(drawn(1, 'noise', place)).not.toEqual(drawn(1, 'probes', place));
});

test('two who ask for one name share the stream, and an epoch begins where its first step goes on', () => {
  const streams = new TrainingStreams(1);
  const numbers = [streams.stream('a').uniform(), streams.stream('a').uniform()];
  expect(numbers[0]).not.toBe(numbers[1]);
  streams.moveTo(0, 0);
  const first = streams.stream('a').uniform();
  streams.moveTo(0, 0);
  expect(streams.stream('a').uniform()).not.toBe(first);
});

test('signs are −1 and 1 alike, and normal numbers have mean 0 and variance 1', () => {
  const stream = new TrainingStreams(3).stream('a');
  const [signs, normals] = [stream.signs(10_000), stream.normals(10_000)];
  expect(new Set(signs)).toEqual(new Set([-1, 1]));
  const mean = (values: Float32Array) => values.reduce((total, value) => total + value, 0) / values.length;
  // Four standard errors.
  expect(Math.abs(mean(signs))).toBeLessThan(0.04);
  expect(Math.abs(mean(normals))).toBeLessThan(0.04);
  expect(Math.abs(mean(normals.map((value) => value * value)) - 1)).toBeLessThan(0.06);
});
