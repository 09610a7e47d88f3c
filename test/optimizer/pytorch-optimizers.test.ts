import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine, type TensorData } from '../../src/engine/index.js';
import { type Hyperparameters, loadOptimizer, trainingTask } from '../../src/optimizer/index.js';
import { defineTestProblem, dense, softmaxCrossEntropy, tanh } from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { batchFeeds, type PlainBatch } from './minibatch.js';

type Row = { readonly given: object } & Readonly<Record<string, readonly number[]>>;

/** Written by pytorch-optimizers.py, whose network this is. */
const { source, ...rows } = JSON.parse(readFileSync(new URL('pytorch-optimizers.json', import.meta.url), 'utf8')) as {
  readonly source: string;
} & Readonly<Record<string, Row>>;

const problem = defineTestProblem({
  name: 'small_network',
  description: 'the network of pytorch-optimizers.py',
  dataset: 'none',
  defaults: { batchSize: 4, numEpochs: 1 },
  inputShape: [5],
  initial: {
    weights: (_, shape) => new Float32Array(sizeOf(shape)),
    biases: (_, shape) => new Float32Array(sizeOf(shape)),
  },
  network: [dense(6), tanh(), dense(3)],
  loss: softmaxCrossEntropy(),
});

const BATCH_SIZE = 4;
const STEPS = [1, 10, 50];

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A matrix, row by row, from PyTorch's (inputs, units) here to (units, inputs), or the other way round. */
function transposed(values: readonly number[], rows: number, columns: number): number[] {
  return values.map((_, place) => values[(place % rows) * columns + Math.floor(place / rows)] ?? Number.NaN);
}

const wave = (first: number, length: number) =>
  Array.from({ length }, (_, index) => 0.4 * Math.sin(1.7 * (first + index) + 0.3));

const initial: readonly TensorData[] = [
  transposed(wave(0, 30), 5, 6),
  wave(0, 6).fill(0),
  transposed(wave(36, 18), 6, 3),
  wave(0, 3).fill(0),
].map((values) => Float64Array.from(values));

function batch(t: number): PlainBatch {
  const inputs = Float64Array.from({ length: 20 }, (_, place) =>
    Math.cos(0.9 * t + 2.1 * Math.floor(place / 5) + 0.7 * (place % 5)),
  );
  return { inputs, labels: Int32Array.from({ length: 4 }, (_, example) => (t + example * example) % 3) };
}

let onnxruntime: Engine;
beforeAll(async () => {
  onnxruntime = await openEngine({ engine: 'onnxruntime', threads: 1 });
});
afterAll(() => onnxruntime.dispose());

test.each(Object.entries(rows))(`50 steps of %s as with ${source}`, async (label, row) => {
  for (const [engine, tolerance] of [
    [openReferenceEngine(), 1e-9],
    [onnxruntime, 1e-5],
  ] as const) {
    const optimizer = await loadOptimizer(label.split(' ')[0] ?? '');
    const task = trainingTask(engine, problem, { batchSize: BATCH_SIZE, stepsPerEpoch: 50, parameters: initial });
    const training = await optimizer.start(task, optimizer.hyperparameters.parse(row.given) as Hyperparameters);
    await training.beginEpoch(0, 1);
    for (let t = 1; t <= 50; t++) {
      await training.step(batchFeeds(engine, problem, BATCH_SIZE, batch(t)));
      if (!STEPS.includes(t)) continue;
      const parts: number[][] = [];
      for (const value of training.parameters) parts.push([...(await engine.download(value))]);
      const [a = [], bias = [], b = [], last = []] = parts;
      const found = [...transposed(a, 6, 5), ...bias, ...transposed(b, 3, 6), ...last];
      const wanted = row[`step ${t}`] ?? [];
      expect(found).toHaveLength(wanted.length);
      const furthest = Math.max(...found.map((value, index) => Math.abs(value - (wanted[index] ?? Number.NaN))));
      expect(furthest, `${engine.record.name}, step ${t}`).toBeLessThan(tolerance);
    }
  }
});
