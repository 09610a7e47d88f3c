import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { compileStaged } from '../../src/optimizer/staged-program.js';
import { StepRecorder } from '../../src/optimizer/step-recorder.js';
import { orthonormalColumns } from '../../src/optimizer/transformations/orthonormal-columns.js';
import { randomStream } from '../../src/random/index.js';
import { input } from '../../src/tensor/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

let onnxruntime: Engine;
beforeAll(async () => {
  onnxruntime = await openEngine({ engine: 'onnxruntime', threads: 1 });
});
afterAll(() => onnxruntime.dispose());

const stream = randomStream(3, 'matrices');
const numbers = (n: number, entry: (i: number, j: number) => number) =>
  Float64Array.from({ length: n * n }, (_, place) => entry(Math.floor(place / n), place % n));

/** One matrix of one panel, one of three, and one with columns that are zero or copies of others. */
const matrices = [5, 150, 130].map((n) => ({ n, a: numbers(n, () => stream.normal()) }));
for (let i = 0; i < 130; i++) {
  const a = matrices[2]?.a ?? new Float64Array();
  a[i * 130 + 3] = 0;
  a[i * 130 + 100] = a[i * 130 + 7] ?? 0;
}

const column = (matrix: ArrayLike<number>, n: number, j: number) =>
  Array.from({ length: n }, (_, i) => matrix[i * n + j] ?? 0);
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

test.each([
  ['the oracle', () => openReferenceEngine(), 1e-13],
  ['onnxruntime', () => onnxruntime, 5e-6],
] as const)('with %s the columns are orthonormal and span what the first columns span', async (_, open, tolerance) => {
  const engine = open();
  const recorder = new StepRecorder(1);
  const inputs = matrices.map(({ n }, index) => input(`a${index}`, [n, n]));
  const found = orthonormalColumns(inputs, (...call) => recorder.onHost(...call));
  // All matrices share the calls of the host.
  expect(recorder.hostCalls).toHaveLength(3);
  const program = await compileStaged(engine, Object.fromEntries(found.entries()), recorder.hostCalls);
  const feeds = Object.fromEntries(matrices.map(({ n, a }, index) => [`a${index}`, engine.upload(a, [n, n])]));
  const results = await program.run(feeds, [], 1);
  for (const [index, { n, a }] of matrices.entries()) {
    const value = results[index];
    if (value === undefined) throw new Error('no result');
    const q = await engine.download(value);
    const columns = Array.from({ length: n }, (_, j) => column(q, n, j));
    let [skew, below] = [0, 0];
    for (const [j, own] of columns.entries()) {
      for (let k = 0; k <= j; k++) {
        skew = Math.max(skew, Math.abs(inner(columns[k] ?? [], own) - (k === j ? 1 : 0)));
        // Qᵀ A is zero below the diagonal.
        if (k < j) below = Math.max(below, Math.abs(inner(own, column(a, n, k))) / Math.sqrt(n));
      }
    }
    expect(skew).toBeLessThan(tolerance);
    expect(below).toBeLessThan(tolerance);
  }
});
