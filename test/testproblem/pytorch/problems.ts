import * as t from '../../../src/tensor/index.js';
import { inputNames, loadTestProblem, type TestProblem } from '../../../src/testproblem/index.js';
import { feedsOf, integers, numbers } from './models.js';

/** Examples in the one batch that is compared. */
export const batchSize = 4;

/** The test problem of a name as problems.py writes it: `mnist_vae, variant tf`. */
export async function problemNamed(title: string): Promise<TestProblem> {
  const [name = '', variant] = title.split(', variant ');
  const problem = await loadTestProblem(name);
  return variant === undefined ? problem : problem.choose({ variant: variant === 'tf' ? 'tf' : 'pytorch' });
}

/** As {@link feedsOf}; matrices and kernels scaled by their inputs, so that wide networks do not saturate, and all tokens. */
export function problemFeeds(problem: TestProblem): Record<string, Float64Array | Int32Array> {
  const feeds = feedsOf(problem, batchSize);
  for (const { name, shape } of problem.parameters) {
    if (shape.length === 1 || name.includes('embedding') || name.includes('positions')) continue;
    const scale = 2 * Math.sqrt(3 / t.sizeOf(shape.slice(1)));
    feeds[inputNames.parameter(name)] = Float64Array.from(feeds[inputNames.parameter(name)] ?? [], (x) => x * scale);
  }
  if (problem.inputType === 'int') {
    const classes = problem.classes ?? 0;
    feeds[inputNames.inputs] = integers(400, batchSize * t.sizeOf(problem.inputShape), classes);
    feeds[inputNames.labels] = integers(401, batchSize * t.sizeOf(problem.labelShape), classes);
  }
  return feeds;
}

/** What is stored of an array: its norm, its product with numbers that both languages compute, and eight entries. */
export interface Summary {
  readonly norm: number;
  readonly along: number;
  readonly entries: readonly number[];
}

/** The summary of the key-th parameter's gradient or product. */
export function summaryOf(key: number, values: ArrayLike<number>): Summary {
  const others = numbers(500 + key, values.length);
  let [squares, along] = [0, 0];
  for (let place = 0; place < values.length; place++) {
    const value = values[place] ?? Number.NaN;
    squares += value * value;
    along += value * (others[place] ?? 0);
  }
  const entries = Array.from({ length: 8 }, (_, place) => values[Math.floor((place * (values.length - 1)) / 7)] ?? 0);
  return { norm: Math.sqrt(squares), along, entries };
}
